package sse

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"
)

// CallUnary calls a method that answers with one message. Generated clients call it.
func CallUnary[Res proto.Message](ctx context.Context, t *Transport, m *Method, req proto.Message, opts []CallOption) (Res, error) {
	o := t.options.clone()
	for _, opt := range opts {
		opt.applyToCall(o)
	}
	var zero Res
	call := &unaryCall{transport: t, options: o, method: m, newResponse: func() proto.Message {
		return zero.ProtoReflect().New().Interface()
	}}
	message, err := call.run(ctx, req)
	if err != nil {
		return zero, err
	}
	response, ok := message.(Res)
	if !ok {
		return zero, call.place(fmt.Errorf("an interceptor answered with a %T", message))
	}
	return response, nil
}

// unaryCall is a call of a method that answers with one message.
type unaryCall struct {
	transport   *Transport
	options     *options
	method      *Method
	newResponse func() proto.Message
	phase       Phase
	attempt     int
	verb        string
	// idempotencyKey is that of the first request that had one: with another key, the server would
	// take a retry for another call.
	idempotencyKey string
}

// place says where the call failed.
func (c *unaryCall) place(err error) error {
	return &StreamError{Method: c.method.Name, Phase: c.phase, Attempt: c.attempt, Err: err}
}

// run sends the request, and repeats it if that is safe and may help.
func (c *unaryCall) run(ctx context.Context, req proto.Message) (proto.Message, error) {
	for {
		c.phase = PhaseOpen
		c.attempt++
		message, err := c.send(ctx, req)
		if err == nil {
			return message, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		policy := c.options.retry
		delay, ok := time.Duration(0), false
		if c.attempt <= policy.MaxAttempts && c.isRepeatable() && isTransient(err) {
			delay, ok = policy.delay(err, c.attempt, nil)
		}
		if !ok {
			return nil, c.place(err)
		}
		if !sleep(ctx.Done(), delay) {
			return nil, context.Cause(ctx)
		}
	}
}

// isRepeatable says whether the request may be sent again: its method is idempotent (RFC 9110,
// section 9.2.2), or it has an Idempotency-Key.
func (c *unaryCall) isRepeatable() bool {
	switch c.verb {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return c.idempotencyKey != ""
}

func (c *unaryCall) send(ctx context.Context, req proto.Message) (proto.Message, error) {
	header, err := c.options.requestHeader(ctx)
	if err != nil {
		return nil, err
	}
	call := &Call{Method: c.method, Message: req, Header: header, Attempt: c.attempt}
	return interceptUnary(c.options.interceptors, c.exchange)(ctx, call)
}

// exchange sends a request and reads the response.
func (c *unaryCall) exchange(ctx context.Context, call *Call) (proto.Message, error) {
	const name = "Idempotency-Key"
	if c.idempotencyKey != "" {
		call.Header.Set(name, c.idempotencyKey)
	}
	c.idempotencyKey = call.Header.Get(name)
	bound, err := c.transport.bind(c.options, call)
	if err != nil {
		return nil, err
	}
	c.verb = bound.binding.Method
	accept := "application/json"
	if bound.binding.RawResponse {
		accept = "*/*"
	}
	call.Header.Set("Accept", accept)
	response, err := c.transport.send(ctx, c.options, call, bound)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	c.phase = PhaseBody
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, &NetworkError{err}
	}
	message := c.newResponse()
	return message, c.options.readResponse(response, bound.binding, body, message)
}
