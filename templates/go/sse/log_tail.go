package sse

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// logRingSize is how many entries of a topic a node holds.
	logRingSize = 1024
	// logPageSize is how many entries a subscriber that is behind reads at once.
	logPageSize = 256
	// logAnswerTime is how long a subscriber waits for the log before its stream begins.
	logAnswerTime = 5 * time.Second
)

// logTail is what a node holds of a topic that it follows: the last entries, and the tail of the log that
// brings them. A tail that fails begins again at the end of the log with an empty ring. Each subscriber
// then continues after its own cursor, and finds out whether entries are missing.
type logTail struct {
	log     EventLog
	name    string
	options LogTopicOptions
	toEvent func(entry Entry, onEncode func(bytes int)) *sharedEvent
	ring    *eventRing
	stop    context.CancelFunc
	// begun is closed when the tail runs, or has failed for good.
	begun chan struct{}
	// subscribers and idle belong to the topics that follow the log.
	subscribers int
	idle        *time.Timer

	mu sync.Mutex
	// beginning is the cursor after which the tail first began, empty if it never did, and tip that of the
	// last entry.
	beginning, tip string
	// failures is how often the tail has failed since it last received entries.
	failures int
	// pages are the pending reads: subscribers at the same cursor share one.
	pages map[string]*logPage
}

type logPage struct {
	done   chan struct{}
	events []*sharedEvent
	err    error
}

func newLogTail(log EventLog, name string, options LogTopicOptions, toEvent func(Entry, func(int)) *sharedEvent) *logTail {
	ctx, stop := context.WithCancel(context.Background())
	t := &logTail{log: log, name: name, options: options, toEvent: toEvent, stop: stop, begun: make(chan struct{}), pages: map[string]*logPage{}}
	t.ring = newEventRing(logRingSize, options.MaxBytes)
	t.ring.isOfLog = true
	go t.run(ctx)
	return t
}

func (t *logTail) run(ctx context.Context) {
	for {
		err := t.follow(ctx)
		if ctx.Err() != nil {
			t.begin("")
			return
		}
		var gap *CursorError
		var status *Error
		isGap := errors.As(err, &gap)
		if isGap {
			t.onGap(t.last(), gap.Reason)
		} else if errors.As(err, &status) {
			t.ring.close(err)
			t.begin("")
			return
		}
		t.mu.Lock()
		failures := t.failures
		t.failures++
		t.mu.Unlock()
		// After a gap, subscribers learn of it at once. A tail that finds one gap after the other must not
		// keep the log busy.
		if !isGap || failures > 0 {
			sleep(ctx.Done(), retryDelay(failures))
		}
	}
}

// follow follows the log from its end on, until that fails.
func (t *logTail) follow(ctx context.Context) error {
	tip, err := t.log.Tip(ctx, t.name)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.tip = tip
	t.mu.Unlock()
	t.ring.reset(tip)
	t.begin(tip)
	return t.log.Tail(ctx, t.name, tip, t.push)
}

func (t *logTail) begin(cursor string) {
	if !t.hasBegun() {
		t.mu.Lock()
		t.beginning = cursor
		t.mu.Unlock()
		close(t.begun)
	}
}

// hasBegun says whether the tail runs, or has run.
func (t *logTail) hasBegun() bool {
	select {
	case <-t.begun:
		return true
	default:
		return false
	}
}

// waitBegun waits until the tail runs.
func (t *logTail) waitBegun(ctx context.Context) error {
	timer := time.NewTimer(logAnswerTime)
	defer timer.Stop()
	select {
	case <-t.begun:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return Errorf(Unavailable, "the event log does not answer")
	}
}

// last returns the cursor of the last entry that this node has received.
func (t *logTail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tip
}

func (t *logTail) push(entries []Entry) {
	t.mu.Lock()
	t.failures = 0
	for _, entry := range entries {
		_ = t.ring.push(len(entry.Data), func(number int) (*sharedEvent, error) {
			return t.toEvent(entry, func(bytes int) { t.ring.hold(number, bytes) }), nil
		})
		t.tip = entry.Cursor
	}
	t.mu.Unlock()
	t.ring.wake()
	if t.options.OnTail != nil && len(entries) > 0 {
		info := TailInfo{Entries: len(entries), Lag: -1}
		if taken := entries[len(entries)-1].Time; !taken.IsZero() {
			info.Lag = max(0, time.Since(taken)) // the clock of the log may be ahead of this one
		}
		t.options.OnTail(t.name, info)
	}
}

func (t *logTail) onGap(cursor string, reason GapReason) {
	if t.options.OnGap != nil {
		t.options.OnGap(t.name, cursor, reason)
	}
}

// read reads a page of the log.
func (t *logTail) read(ctx context.Context, after string) ([]*sharedEvent, error) {
	t.mu.Lock()
	page := t.pages[after]
	if page == nil {
		page = &logPage{done: make(chan struct{})}
		t.pages[after] = page
		go t.readPage(page, after)
	}
	t.mu.Unlock()
	timer := time.NewTimer(logAnswerTime)
	defer timer.Stop()
	select {
	case <-page.done:
		return page.events, page.err
	case <-timer.C:
		return nil, errors.New("the event log does not answer")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (t *logTail) readPage(page *logPage, after string) {
	ctx, cancel := context.WithTimeout(context.Background(), logAnswerTime)
	defer cancel()
	var entries []Entry
	entries, page.err = t.log.Read(ctx, t.name, after, logPageSize)
	for _, entry := range entries {
		page.events = append(page.events, t.toEvent(entry, func(int) {}))
	}
	t.mu.Lock()
	delete(t.pages, after)
	t.mu.Unlock()
	close(page.done)
}

// retryDelay is half to one and a half times as long, from 100 milliseconds to 2 seconds.
func retryDelay(failures int) time.Duration {
	delay := min(100*time.Millisecond<<min(failures, 10), 2*time.Second)
	return time.Duration(float64(delay) * (0.5 + rand.Float64()))
}
