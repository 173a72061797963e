package sse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
)

// serverCall is a call of a handler.
type serverCall struct {
	handler *Handler
	request *http.Request
	method  *Method
	writer  http.ResponseWriter
	// header is what the handler of the method sets.
	header HeaderMap
	ctx    context.Context
	cancel context.CancelCauseFunc
	start  time.Time
	result CallResult
}

func (c *serverCall) info() CallInfo { return CallInfo{Request: c.request, Method: c.method} }

// serve answers a request of a method.
func (c *serverCall) serve(e *endpoint, variables []string) {
	base := context.WithValue(context.WithoutCancel(c.request.Context()), callKey{}, c)
	c.ctx, c.cancel = context.WithCancelCause(base)
	defer c.cancel(context.Canceled)
	stop := context.AfterFunc(c.request.Context(), func() {
		cause := context.Cause(c.request.Context())
		if cause == context.Canceled { // as net/http does it
			cause = ErrClientGone
		}
		c.cancel(cause)
	})
	defer stop()
	limit := c.handler.options.unaryTimeout
	if c.method.Stream != nil {
		limit = c.handler.options.maxDuration
	}
	var release context.CancelFunc
	if limit > 0 {
		c.ctx, release = context.WithTimeout(c.ctx, limit)
		defer release()
	}
	// A middleware may have limited the time of the request.
	if deadline, ok := c.request.Context().Deadline(); ok {
		c.ctx, release = context.WithDeadline(c.ctx, deadline)
		defer release()
	}
	if !c.handler.begin(c) {
		c.stopReading()
		c.fail(ErrShutdown, "")
		return
	}
	defer c.handler.end(c)
	call, encoder, err := c.read(e, variables)
	if err != nil {
		c.fail(err, "")
	} else if encoder != nil {
		c.serveStream(e, call, encoder)
	} else {
		c.serveUnary(e, call)
	}
}

// read reads a request.
func (c *serverCall) read(e *endpoint, variables []string) (*Call, eventEncoder, error) {
	r := c.request
	offer := ""
	if len(e.offers) > 0 {
		if offer = negotiate(strings.Join(r.Header.Values("Accept"), ","), e.offers); offer == "" {
			return nil, nil, httpError(406, "not acceptable: this method answers with %s", strings.Join(e.offers, ", ")).
				withHeader("Vary", "Accept")
		}
	}
	if err := checkHeaders(r.Header, c.method.Headers); err != nil {
		return nil, nil, err
	}
	lastEventID := ""
	var err error
	if e.encoders != nil {
		if lastEventID, err = readLastEventID(r, e.idField); err != nil {
			return nil, nil, err
		}
	}
	var body []byte
	contentType := ""
	if e.binder.binding.Body != "" {
		defer context.AfterFunc(c.ctx, c.stopReading)()
		if body, err = readContent(c.ctx, r, e.binder.binding.RawBody, c.handler.options.maxBodyBytes); err != nil {
			return nil, nil, err
		}
		if e.binder.binding.RawBody {
			contentType = r.Header.Get("Content-Type")
		}
	}
	message, err := e.binder.bind(variables, r.URL.RawQuery, body, contentType)
	if err != nil {
		return nil, nil, err
	}
	call := &Call{
		Method: c.method, Message: message, Header: r.Header, ResponseHeader: &c.header,
		LastEventID: lastEventID, Attempt: 1,
	}
	return call, e.encoders[offer], nil
}

// stopReading ends the reading of a body that does not arrive: it must not keep a call that was cancelled.
// Before an answer, net/http reads what is left of the body.
func (c *serverCall) stopReading() {
	if c.request.ContentLength != 0 {
		_ = http.NewResponseController(c.writer).SetReadDeadline(time.Now())
	}
}

// checked says what the validator found wrong.
func (c *serverCall) checked(message proto.Message) error {
	validate := c.handler.options.validate
	if validate == nil {
		return nil
	}
	err := validate(message)
	if err == nil || isOfValidator(err) || errors.As(err, new(*Error)) {
		return err
	}
	return violationsOf(err)
}

// serveUnary answers with one message.
func (c *serverCall) serveUnary(e *endpoint, call *Call) {
	run := interceptUnary(c.handler.options.interceptors, func(ctx context.Context, call *Call) (proto.Message, error) {
		if err := c.checked(call.Message); err != nil {
			return nil, err
		}
		return e.handler.unary(ctx, call.Message)
	})
	message, err := c.runUnary(call, run)
	if err != nil {
		c.fail(err, "")
		return
	}
	media, body, err := c.unaryBody(e.binder.binding, message)
	if err != nil {
		c.fail(err, "")
		return
	}
	c.respond(http.StatusOK, media, body)
}

// runUnary runs a handler. With a limit of time it does not wait for one that ignores its context.
func (c *serverCall) runUnary(call *Call, run UnaryFunc) (proto.Message, error) {
	var message proto.Message
	handle := func() error {
		return c.recovering(func() (err error) {
			message, err = run(c.ctx, call)
			return err
		})
	}
	if c.handler.options.unaryTimeout == 0 {
		if c.handler.options.leakHook != nil {
			ended := make(chan error)
			defer context.AfterFunc(c.ctx, func() { c.awaitHandler(ended) })()
			defer close(ended)
		}
		err := handle()
		return message, err
	}
	done := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() { done <- err }()
		err = handle()
	}()
	select {
	case err := <-done:
		return message, err
	case <-c.ctx.Done():
		go c.awaitHandler(done)
		return nil, context.Cause(c.ctx)
	}
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
		_ = control.SetWriteDeadline(c.lastWrite())
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
		c.awaitHandler(done)
		if context.Cause(c.ctx) != errStreamEnded {
			_ = control.SetWriteDeadline(c.lastWrite())
		}
	}
	w.mu.Lock()
	c.result.Events, c.result.Terminal = w.events, w.terminal
	w.mu.Unlock()
}
