package sse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// errGoexit is what a handler failed with that neither returned nor panicked.
var errGoexit = errors.New("the handler ended its goroutine with runtime.Goexit")

// panicError is a panic of a handler.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// abortError is a panic with http.ErrAbortHandler, which goes on in the goroutine of net/http.
type abortError struct{ error }

// recovering runs a function, and turns a panic into an error.
func (c *serverCall) recovering(run func() error) (err error) {
	defer func() {
		switch value := recover(); {
		case value == nil:
		case value == http.ErrAbortHandler:
			err = abortError{http.ErrAbortHandler}
		default:
			err = &panicError{value, debug.Stack()}
		}
	}()
	return run()
}

// callHook calls a function of the user that only observes a call.
func callHook(info CallInfo, hook func()) {
	defer func() {
		if value := recover(); value != nil {
			slog.Error("sse: a hook panicked", "method", info.name(), "panic", value, "stack", string(debug.Stack()))
		}
	}()
	hook()
}

// report tells the hook an error that is hidden from the client.
func (c *serverCall) report(err error) {
	if hook := c.handler.options.errorHook; hook != nil {
		callHook(c.info(), func() { hook(err, c.info()) })
	}
}

// awaitHandler reports a handler that still runs some time after its context has ended, and what it fails
// with.
func (c *serverCall) awaitHandler(done <-chan error) {
	timer := time.NewTimer(c.handler.options.leakAfter)
	defer timer.Stop()
	select {
	case err := <-done:
		c.reportLate(err)
	case <-timer.C:
		if hook := c.handler.options.leakHook; hook != nil {
			callHook(c.info(), func() { hook(c.info()) })
		}
		go func() { c.reportLate(<-done) }()
	}
}

// reportLate reports what a handler failed with after its call was over. A handler that was stopped may
// return the cause of that, and an Error is for the client.
func (c *serverCall) reportLate(err error) {
	isExpected := errors.Is(err, context.Cause(c.ctx)) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errStreamEnded) || errors.Is(err, http.ErrAbortHandler)
	if err != nil && !isExpected && !errors.As(err, new(*Error)) {
		c.report(err)
	}
}
