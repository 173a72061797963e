package sse

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
)

// maxUnsent is how many bytes of events wait for the writer. Then Send blocks.
const maxUnsent = 16 << 10

// handoverDelay is what clients are told to wait before they resume elsewhere.
const handoverDelay = 2 * time.Second

// errStreamEnded is what Send returns after the stream has ended.
var errStreamEnded = errors.New("the stream has ended")

// errGoexit is what a handler failed with that neither returned nor panicked.
var errGoexit = errors.New("the handler ended its goroutine with runtime.Goexit")

// eventWriter is the body of a stream. The handler's sends encode into its buffer. One goroutine,
// which serves the request, writes what is there and flushes it: what is sent during a write leaves
// together.
type eventWriter struct {
	call        *serverCall
	encoder     eventEncoder
	onEvent     func(proto.Message) (proto.Message, error)
	lastEventID string
	// wake tells the goroutine that writes that there is something to do.
	wake chan struct{}

	mu   sync.Mutex
	room sync.Cond
	// unsent is what waits to be written; spare is the other buffer, while it is not being written.
	unsent, spare []byte
	// cursor is where a stream over an event log begins.
	cursor string
	// hasBegun says that the opening is written.
	hasBegun bool
	events   int
	// isOpen says that the head of the response is due.
	isOpen   bool
	terminal bool
	// err is what Send returns, once it is set.
	err error
}

// send adds an event.
func (w *eventWriter) send(message proto.Message, id string, hasID bool) error {
	if hasID {
		if err := w.checkID(id); err != nil {
			return err
		}
	}
	if w.onEvent != nil {
		changed, err := w.onEvent(message)
		if changed == nil || err != nil {
			return err
		}
		message = changed
	}
	return w.append(func(b []byte) ([]byte, bool, error) { return w.encoder.encode(b, message, id, hasID) })
}

// append adds an event that a function encodes. It waits while too much is unsent.
func (w *eventWriter) append(encode func(b []byte) ([]byte, bool, error)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && len(w.unsent) >= maxUnsent {
		w.room.Wait()
	}
	if w.err != nil {
		return w.err
	}
	b, terminal, err := encode(w.unsent)
	w.unsent = b
	if err != nil {
		return err
	}
	if w.events++; w.events == 1 {
		w.call.result.FirstEvent = time.Since(w.call.start)
	}
	w.isOpen = true
	if terminal {
		w.terminal, w.err = true, errStreamEnded
	}
	w.wakeUp()
	return nil
}

func (w *eventWriter) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// open makes the head of the response due.
func (w *eventWriter) open() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.isOpen = true
	w.wakeUp()
	return nil
}

// checkID returns an error for an id that is no value of the event_id field, or cannot stand in an
// id: line.
func (w *eventWriter) checkID(id string) error {
	if err := checkEventID(id); err != nil {
		return err
	}
	if events, ok := w.encoder.(*sseEncoder); ok && events.idField != nil {
		if _, ok := parseValue(events.idField, id); !ok {
			return errors.New("the event id " + notAValue(events.idField, id) + ", as " + string(events.idField.FullName()) + " has event_id")
		}
	}
	return nil
}

// serveStream answers with a stream.
func (c *serverCall) serveStream(e *endpoint, call *Call, encoder eventEncoder) {
	if !canFlush(c.writer) {
		c.fail(fmt.Errorf("the http.ResponseWriter, a %T, cannot flush: a middleware needs a method Unwrap", c.writer), "")
		return
	}
	w := &eventWriter{call: c, encoder: encoder, wake: make(chan struct{}, 1)}
	lastEventID := call.LastEventID
	w.room.L = &w.mu
	control := http.NewResponseController(c.writer)
	// The timeouts of http.Server are for responses that end. Writers of tests have none.
	_ = control.SetWriteDeadline(time.Time{})
	_ = control.SetReadDeadline(time.Time{})
	// A client that does not read must not keep a stream that was cancelled.
	stopped := make(chan struct{})
	stop := context.AfterFunc(c.ctx, func() {
		defer close(stopped)
		w.stop(context.Cause(c.ctx))
		_ = control.SetWriteDeadline(time.Now().Add(time.Second))
	})
	settle := sync.OnceFunc(func() {
		// The http.ResponseWriter must not be used after ServeHTTP has returned.
		if !stop() {
			<-stopped
		}
		c.cancel(errStreamEnded)
		w.stop(context.Cause(c.ctx))
	})
	defer settle()

	run := interceptStream(c.handler.options.interceptors, func(ctx context.Context, call *Call) error {
		if err := c.checked(call.Message); err != nil {
			return err
		}
		w.onEvent, w.lastEventID = call.OnEvent, call.LastEventID
		return e.handler.stream(ctx, call.Message, w)
	})
	done := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() { done <- err }()
		err = c.recovering(func() error { return run(c.ctx, call) })
	}()
	b := &streamBody{call: c, writer: w, control: control, done: done}
	b.run(lastEventID)
	settle()
	if !b.handlerEnded {
		// net/http ends the body after the handler has returned, which may take longer than the limit
		// for what was written.
		_ = control.SetWriteDeadline(time.Time{})
		ended := make(chan struct{})
		go func() { <-done; close(ended) }()
		c.awaitHandler(ended)
		if context.Cause(c.ctx) != errStreamEnded {
			_ = control.SetWriteDeadline(time.Now().Add(time.Second))
		}
	}
	w.mu.Lock()
	c.result.Events, c.result.Terminal = w.events, w.terminal
	w.mu.Unlock()
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

// stop makes Send fail from now on.
func (w *eventWriter) stop(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.room.Broadcast()
}

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
	if errors.Is(b.failed, os.ErrDeadlineExceeded) && c.ctx.Err() == nil {
		c.result.Err = ErrSlowConsumer
		c.cancel(ErrSlowConsumer)
	} else {
		c.cancel(ErrClientGone)
		c.result.Err = context.Cause(c.ctx)
	}
	c.describe(c.result.Err)
}

// isEmpty says whether nothing waits to be written.
func (w *eventWriter) isEmpty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.unsent) == 0
}

func (w *eventWriter) isTerminal() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.terminal
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
		if !b.handlerEnded {
			c.dropHeader()
		}
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

// finish ends the stream as the handler did.
func (b *streamBody) finish(err error) {
	c, w := b.call, b.writer
	isStopped := c.ctx.Err() != nil
	switch {
	case w.isTerminal(), err == nil && !isStopped:
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
	b.flush(nil, string(w.encoder.failure(nil, appendStatus(nil, c.describe(err), c.handler.options.marshal))))
}

// cancelled ends the stream, and tells the client the reason where that is of use.
func (b *streamBody) cancelled() {
	c, w := b.call, b.writer
	cause := context.Cause(c.ctx)
	e := c.describe(cause)
	switch cause {
	case ErrShutdown:
		// From half to one and a half of the delay, so that not all clients reconnect at once.
		delay := time.Duration(float64(handoverDelay) * (0.5 + rand.Float64()))
		b.flush(nil, string(w.encoder.handover(nil, delay)))
	case ErrClientGone, ErrSlowConsumer:
	default:
		b.flush(nil, string(w.encoder.failure(nil, appendStatus(nil, e, c.handler.options.marshal))))
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
	limit := b.call.handler.options.slowConsumer
	if limit > 0 && b.call.ctx.Err() == nil {
		_ = b.control.SetWriteDeadline(time.Now().Add(limit))
	}
	n, err := b.call.writer.Write(out)
	b.call.result.Bytes += int64(n)
	if err == nil {
		err = b.control.Flush()
	}
	if err != nil && b.failed == nil {
		b.failed = err
	}
	if limit > 0 && err == nil {
		// HTTP/2 resets a stream whose deadline passes, also if nothing is being written then.
		_ = b.control.SetWriteDeadline(time.Time{})
		if b.call.ctx.Err() != nil {
			_ = b.control.SetWriteDeadline(time.Now().Add(time.Second))
		}
	}
}
