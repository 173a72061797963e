package sse

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

// handoverDelay is what clients are told to wait before they resume elsewhere, unless the method says.
const handoverDelay = 2 * time.Second

// streamBody is what the goroutine that serves a stream knows of it.
type streamBody struct {
	call         *serverCall
	writer       *eventWriter
	control      *http.ResponseController
	done         chan error
	handlerEnded bool
	// failed is what the connection failed with.
	failed error
}

// canFlush says whether a writer can flush, itself or the one that it wraps.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch w.(type) {
		case http.Flusher, interface{ FlushError() error }:
			return true
		}
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = wrapper.Unwrap()
	}
}

// run sends the head and the body, until the handler returns, a terminal event was sent, or the
// call is cancelled.
func (b *streamBody) run(lastEventID string) {
	c, w := b.call, b.writer
	if !b.decide(lastEventID) {
		return
	}
	header := map[string]string{
		"Content-Type": w.encoder.contentType(),
		// Compression can hold events back. no-transform prevents it.
		"Cache-Control": "no-cache, no-transform",
		// nginx holds the head until it has 4 KiB.
		"X-Accel-Buffering": "no",
		"Vary":              "Accept",
	}
	c.writeHead(http.StatusOK, header)
	if c.request.Method == http.MethodHead {
		return
	}
	w.mu.Lock()
	opening := w.encoder.opening(nil, w.cursor)
	w.hasBegun = true
	w.mu.Unlock()
	b.flush(opening, "")
	interval := w.encoder.interval()
	var beat <-chan time.Time
	var timer *time.Timer
	if interval > 0 {
		timer = time.NewTimer(interval)
		defer timer.Stop()
		beat = timer.C
	}
	for b.failed == nil {
		select {
		case err := <-b.done:
			b.handlerEnded = true
			b.finish(err)
			return
		case <-w.wake:
			b.flush(nil, "")
			if w.isTerminal() {
				b.finish(nil)
				return
			}
		case <-beat:
			if w.isEmpty() {
				b.flush(nil, w.encoder.heartbeat())
			}
		case <-c.ctx.Done():
			b.cancelled()
			return
		}
		if timer != nil {
			timer.Reset(interval)
		}
	}
	c.cancel(ErrClientGone) // unless the context has ended for another reason
	c.describe(context.Cause(c.ctx))
}

// decide waits for the first event, for a short while. It answers a failure before the head with a
// status, and returns false then.
func (b *streamBody) decide(lastEventID string) bool {
	c, w := b.call, b.writer
	commit := time.NewTimer(c.handler.options.commitWindow)
	defer commit.Stop()
	var err error
	select {
	case err = <-b.done:
		b.handlerEnded = true
		if err == nil && c.ctx.Err() != nil { // it returned since it was stopped
			err = context.Cause(c.ctx)
		}
	case <-w.wake:
		w.wakeUp() // the events are written after the head
		return true
	case <-commit.C:
		return true
	case <-c.ctx.Done():
		err = context.Cause(c.ctx)
	}
	w.mu.Lock()
	isOpen, isEmpty := w.isOpen, w.events == 0
	w.mu.Unlock()
	switch {
	case isOpen: // the handler returned after it had sent
		if b.handlerEnded {
			b.done <- err
			b.handlerEnded = false
		}
		return true
	case err != nil:
		b.refuse(err, lastEventID)
		return false
	case isEmpty && lastEventID != "":
		// EventSource stops after a 204 (WHATWG HTML 9.2.3). After a body that ends, it reconnects.
		c.writeHead(http.StatusNoContent, map[string]string{"Vary": "Accept", "Cache-Control": "no-store"})
		return false
	}
	b.done <- nil
	b.handlerEnded = false
	return true
}

// refuse answers with a status. If the server cannot resume after the client's cursor, that is 410
// instead of the 400 of the code.
func (b *streamBody) refuse(err error, lastEventID string) {
	var e *Error
	if lastEventID != "" && errors.As(err, &e) && e.Code == OutOfRange && e.Status == 0 {
		gone := *e
		gone.Status = http.StatusGone
		err = &gone
	}
	b.call.fail(err, "Accept")
}

// finish ends the stream as the handler did. It stops the writer before the last write, as the event
// of a later Send would not leave.
func (b *streamBody) finish(err error) {
	c, w := b.call, b.writer
	isStopped := c.ctx.Err() != nil
	switch {
	case w.isTerminal(), err == nil && !isStopped:
		w.stop(errStreamEnded)
		b.flush(nil, w.encoder.end())
		return
	case isStopped && (err == nil || errors.Is(err, context.Cause(c.ctx)) || errors.Is(err, context.Canceled)):
		b.cancelled() // the handler may return nil when it is stopped
		return
	}
	var abort abortError
	if errors.As(err, &abort) {
		panic(http.ErrAbortHandler)
	}
	w.stop(errStreamEnded)
	b.flush(nil, string(w.encoder.failure(nil, c.statusJSON(c.describe(err)))))
}

// cancelled ends the stream, and tells the client the reason where that is of use.
func (b *streamBody) cancelled() {
	c, w := b.call, b.writer
	cause := context.Cause(c.ctx)
	w.stop(cause)
	e := c.describe(cause)
	switch cause {
	case ErrShutdown:
		delay := handoverDelay
		if c.method.Stream.Retry != nil {
			delay = *c.method.Stream.Retry
		}
		// From half to one and a half of the delay, so that not all clients reconnect at once.
		delay = time.Duration(float64(delay) * (0.5 + rand.Float64()))
		b.flush(nil, string(w.encoder.handover(nil, delay)))
	case ErrClientGone, ErrSlowConsumer:
	default:
		b.flush(nil, string(w.encoder.failure(nil, c.statusJSON(e))))
	}
}

// flush writes the events that are unsent, with the opening of the stream before them and another
// text after them.
func (b *streamBody) flush(opening []byte, last string) {
	w := b.writer
	w.mu.Lock()
	out := w.unsent
	if len(opening) > 0 {
		out = append(opening, out...)
	}
	out = append(out, last...)
	w.unsent, w.spare = w.spare[:0], nil
	w.mu.Unlock()
	if len(out) == 0 {
		_ = b.control.Flush() // of a head without an opening
	} else {
		b.write(out)
	}
	w.mu.Lock()
	if cap(out) <= 4*maxUnsent {
		w.spare = out[:0]
	}
	w.room.Broadcast()
	w.mu.Unlock()
}

func (b *streamBody) write(out []byte) {
	if limit := b.call.handler.options.slowConsumer; limit > 0 {
		// Not a deadline of the connection: over HTTP/2 its end looks as if the client had gone.
		timer := time.AfterFunc(limit, func() { b.call.cancel(ErrSlowConsumer) })
		defer timer.Stop()
	}
	n, err := b.call.writer.Write(out)
	b.call.result.Bytes += int64(n)
	if err == nil {
		err = b.control.Flush()
	}
	if err != nil && b.failed == nil {
		b.failed = err
	}
}
