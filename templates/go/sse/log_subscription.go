package sse

import (
	"context"
	"errors"
	"time"
)

// logSubscription is one stream over a log. Its place is in the ring, or else in the log, from which it
// then reads pages.
type logSubscription struct {
	tail   *logTail
	writer *eventWriter
	place  place
	// page is the rest of a page of the log.
	page []*sharedEvent
	// isOpen says that the log has confirmed the place where the stream begins.
	isOpen bool
	// pause ends when the log may be read again, and idlePages counts the pages in a row that failed or
	// were empty.
	pause     <-chan time.Time
	idlePages int
	// failingSince is when the first of the pages that fail did.
	failingSince time.Time
	// isDrained says that the last page was empty, and that there will be no more.
	isDrained bool
}

func (s *logSubscription) run(ctx context.Context) error {
	begin := s.place.id
	for {
		event, changed := s.tail.ring.next(&s.place)
		if event != nil {
			s.page = nil
		} else if len(s.page) > 0 {
			event, s.page = s.page[0], s.page[1:]
			s.place = place{id: event.id, number: -1}
		}
		isEnd := changed == nil && (!s.place.isLost || s.isDrained)
		if event == nil && s.place.isLost && s.pause == nil && !isEnd {
			if err := s.read(ctx, changed == nil); err != nil {
				return err
			}
		}
		if !s.isOpen && (event != nil || !s.place.isLost || s.failingSince.IsZero()) {
			s.isOpen = true
			if err := s.writer.begin(begin); err != nil {
				return err
			}
		}
		var err error
		switch {
		case event != nil:
			err = s.writer.sendShared(event)
		case isEnd:
			return s.tail.ring.failure()
		case len(s.page) == 0:
			err = s.wait(ctx, changed)
		}
		if err != nil {
			return err
		}
	}
}

// read reads the page that follows.
func (s *logSubscription) read(ctx context.Context, isClosed bool) error {
	page, err := s.tail.read(ctx, s.place.id)
	var gap *CursorError
	var status *Error
	switch {
	case err == nil:
		s.failingSince, s.page = time.Time{}, page
		if len(page) > 0 {
			s.idlePages = 0
			return nil
		}
		// The tail is behind the log: most likely it brings what follows in a moment.
		s.isDrained = isClosed
		s.pause = time.After(retryDelay(s.idlePages/2) / 4)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &gap):
		if s.isOpen && gap.Reason == GapTrimmed { // it was there when the stream began
			gap = &CursorError{s.place.id, GapBehind}
		}
		s.tail.onGap(gap.Cursor, gap.Reason)
		return gap
	case errors.As(err, &status):
		return err
	default:
		if s.failingSince.IsZero() {
			s.failingSince = time.Now()
		}
		limit := logFailingTime
		if !s.isOpen {
			limit = logAnswerTime
		}
		if time.Since(s.failingSince) > limit {
			return logStatus(err, "the event log is unavailable")
		}
		s.pause = time.After(retryDelay(s.idlePages))
	}
	s.idlePages++
	return nil
}

// wait waits for a change of the ring, or until the log may be read again.
func (s *logSubscription) wait(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
	case <-s.pause:
		s.pause = nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}
