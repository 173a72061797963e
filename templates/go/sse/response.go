package sse

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
)

// reserved are headers that only the runtime sets: the first four break HTTP/2, and a handler does
// not know the length or the coding of a body that it did not write.
var reserved = []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Content-Length", "Content-Encoding"}

// writeHead sends the head of the response, with the headers that the handler has set.
func (c *serverCall) writeHead(status int, set map[string]string) {
	c.writeHeader(status, c.header.Clone(), set)
}

func (c *serverCall) writeHeader(status int, own http.Header, set map[string]string) {
	header := c.writer.Header()
	for name, values := range own {
		switch {
		case name == "Vary":
			addVary(header, values...)
		case !slices.Contains(reserved, name): // those of middleware stay: it may compress
			header[name] = values
		}
	}
	for name, value := range set {
		if name == "Vary" {
			addVary(header, value)
		} else {
			header.Set(name, value)
		}
	}
	if header.Get("Content-Encoding") != "" { // a middleware changes the length
		header.Del("Content-Length")
	}
	c.result.Status = status
	c.writer.WriteHeader(status)
}

// lastWrite is until when the rest of a stream that was stopped may be written.
func (c *serverCall) lastWrite() time.Time {
	if context.Cause(c.ctx) == ErrSlowConsumer {
		return time.Now()
	}
	return time.Now().Add(time.Second)
}

// addVary adds to the Vary of middleware.
func addVary(header http.Header, values ...string) {
	for _, value := range values {
		known := strings.FieldsFunc(strings.Join(header.Values("Vary"), ","), func(r rune) bool { return r == ',' || r == ' ' })
		isKnown := slices.ContainsFunc(known, func(name string) bool { return strings.EqualFold(name, value) })
		if value != "" && !isKnown {
			header.Add("Vary", value)
		}
	}
}

func (c *serverCall) respond(status int, media string, body []byte) {
	c.writeHead(status, map[string]string{"Content-Type": media, "Content-Length": strconv.Itoa(len(body))})
	n, _ := c.writer.Write(body)
	c.result.Bytes += int64(n)
}

// unaryBody returns the body of an answer.
func (c *serverCall) unaryBody(binding *Binding, message proto.Message) (media string, body []byte, err error) {
	m := message.ProtoReflect()
	if binding.ResponseBody != "" {
		field := m.Descriptor().Fields().ByJSONName(binding.ResponseBody)
		if !binding.RawResponse {
			text, err := marshalField(m, field, c.handler.options.marshal)
			return "application/json", text, err
		}
		m = m.Get(field).Message()
	}
	if binding.RawResponse {
		fields := m.Descriptor().Fields()
		media = m.Get(fields.ByNumber(1)).String()
		if media == "" {
			media = "application/octet-stream"
		}
		return media, m.Get(fields.ByNumber(2)).Bytes(), nil
	}
	body, err = c.handler.options.marshal.Marshal(message)
	return "application/json", body, err
}

// fail answers with an error before the head of a response.
func (c *serverCall) fail(err error, vary string) {
	var abort abortError
	if errors.As(err, &abort) {
		panic(http.ErrAbortHandler)
	}
	e := c.describe(err)
	status := e.Status
	if status < 400 || status > 599 {
		status = e.Code.HTTPStatus()
	}
	header := c.header.Clone()
	// Caches may keep a 404 or 410 by default (RFC 9110, section 15.1).
	header.Set("Cache-Control", "no-store")
	for name, values := range e.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	body := c.statusJSON(e)
	c.writeHeader(status, header, map[string]string{
		"Content-Type": "application/json", "Content-Length": strconv.Itoa(len(body)), "Vary": vary,
	})
	n, _ := c.writer.Write(body)
	c.result.Bytes += int64(n)
}

// statusJSON returns the JSON of an error. Details without JSON go to the hook.
func (c *serverCall) statusJSON(e *Error) []byte {
	text, err := marshalStatus(e, c.handler.options.marshal)
	if err != nil {
		c.report(err)
	}
	return text
}

// describe says how an error is reported to the client. What is hidden goes to the hook.
func (c *serverCall) describe(err error) *Error {
	c.result.Err = err
	e := c.known(err)
	if e == nil {
		c.report(err)
		e = Errorf(Internal, "internal error")
	}
	if e.Code <= OK || int(e.Code) >= len(codes) {
		e = &Error{Code: Unknown, Message: e.Message, Details: e.Details, Header: e.Header, Status: e.Status}
	}
	c.result.Code = e.Code
	return e
}

// known returns the error that a client may see; nil for others.
func (c *serverCall) known(err error) *Error {
	var e *Error
	var bind *bindError
	var call *StreamError
	switch {
	case errors.As(err, &bind):
		return &Error{Code: InvalidArgument, Message: bind.Error(), RawDetails: [][]byte{[]byte(violationsDetail(bind.violations))}}
	case errors.As(err, &call): // what another server answered is not for the clients of this one
	case errors.As(err, &e):
		return e
	}
	if mapper := c.handler.options.errorMapper; mapper != nil {
		callHook(c.info(), func() { e = mapper(err) })
		if e != nil {
			return e
		}
	}
	// A handler that was stopped returns the cause of its context, or what that led to.
	if c.ctx != nil && c.ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		err = context.Cause(c.ctx)
	}
	switch {
	case errors.Is(err, ErrShutdown):
		return Errorf(Unavailable, "the server is shutting down").withHeader("Retry-After", "1")
	case errors.Is(err, context.DeadlineExceeded) && c.ctx != nil && context.Cause(c.ctx) == context.DeadlineExceeded:
		return Errorf(DeadlineExceeded, "the call reached its time limit")
	case errors.Is(err, ErrClientGone):
		return Errorf(Canceled, "the client closed the connection")
	case errors.Is(err, ErrSlowConsumer):
		return Errorf(ResourceExhausted, "the client does not read")
	}
	return nil
}
