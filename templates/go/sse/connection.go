package sse

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
)

// connect sends the request. A 204 ends the stream.
func (c *streamCore) connect() error {
	if !c.setState(StateConnecting) {
		return nil
	}
	c.attempt++
	ctx, cancel := c.part()
	if limit := c.options.connectTimeout; limit > 0 {
		timer := time.AfterFunc(limit, func() { cancel(&TimeoutError{ConnectTimeoutKind, limit}) })
		defer timer.Stop()
	}
	response, onEvent, err := c.exchange(ctx)
	if err == nil {
		c.info = StreamInfo{Status: response.StatusCode, Header: response.Header, Attempt: c.attempt}
		c.ended = response.StatusCode == http.StatusNoContent
	}
	if err != nil || c.ended {
		cancel(errClosed)
		if response != nil {
			response.Body.Close()
		}
		return asCause(ctx, err)
	}
	c.connection = newConnection(ctx, cancel, response, c.options, c.rule, c.position, c.policy.AfterEnd)
	c.connection.onEvent = onEvent
	c.setState(StateOpen)
	return nil
}

// asCause returns the reason why a connection was ended from outside, instead of the error of the
// transport that this caused.
func asCause(ctx context.Context, err error) error {
	var network *NetworkError
	var timeout *TimeoutError
	cause := context.Cause(ctx)
	// A function of the caller may fail with the end of its context, too.
	isOfContext := errors.As(err, &network) || errors.Is(err, context.Canceled)
	if isOfContext && (errors.As(cause, &timeout) || cause == errReconnect) {
		return cause
	}
	return err
}

// exchange sends a request, and returns a response that is a stream or its end.
func (c *streamCore) exchange(ctx context.Context) (*http.Response, func(proto.Message) (proto.Message, error), error) {
	header, err := c.options.requestHeader(ctx)
	if err != nil {
		return nil, nil, err
	}
	call := &Call{Method: c.method, Message: c.request, Header: header, LastEventID: c.position, Attempt: c.attempt}
	var response *http.Response
	run := interceptStream(c.options.interceptors, func(ctx context.Context, call *Call) (err error) {
		bound, err := c.transport.bind(c.options, call)
		if err != nil {
			return err
		}
		call.Header.Set("Accept", "text/event-stream")
		if c.options.jsonLines {
			call.Header.Set("Accept", "application/jsonl; profile=sse-1")
		}
		call.Header.Set("Cache-Control", "no-cache")
		// A compressed stream may be held back until a block is full.
		call.Header.Set("Accept-Encoding", "identity")
		if call.LastEventID != "" {
			call.Header.Set("Last-Event-ID", call.LastEventID)
		}
		if response, err = c.transport.send(ctx, c.options, call, bound); err != nil {
			return err
		}
		return c.options.checkStream(response)
	})
	if err := run(ctx, call); err != nil {
		return response, nil, err
	}
	if response == nil {
		return nil, nil, errors.New("an interceptor opened no stream")
	}
	return response, call.OnEvent, nil
}

// checkStream returns a ContentTypeError for a response that is no stream.
func (o *options) checkStream(response *http.Response) error {
	contentType := response.Header.Get("Content-Type")
	if response.StatusCode == http.StatusNoContent ||
		response.StatusCode == http.StatusOK && (isSSE(contentType) || isJSONLines(contentType)) {
		return nil
	}
	want := "text/event-stream"
	if o.jsonLines {
		want = "application/jsonl"
	}
	return &ContentTypeError{
		Want: want, Got: contentType, Status: response.StatusCode,
		Header: response.Header, Body: readBeginning(response.Body, 1024),
	}
}

// format is that of a body.
type format int

const (
	formatSSE format = iota
	formatJSONLines
)

var (
	sseType       = regexp.MustCompile(`(?i)^\s*text/event-stream\s*(;|$)`)
	jsonLinesType = regexp.MustCompile(`(?i)^\s*application/(x-)?(jsonl|ndjson)\s*(;|$)`)
	profile       = regexp.MustCompile(`(?i);\s*profile="?sse-1"?\s*(;|$)`)
)

func isSSE(contentType string) bool       { return sseType.MatchString(contentType) }
func isJSONLines(contentType string) bool { return jsonLinesType.MatchString(contentType) }

// connection is one response of a stream, and what its body holds.
type connection struct {
	ctx      context.Context
	cancel   context.CancelCauseFunc
	release  func() bool // ends the wait for ctx
	response *http.Response
	decoder  decoder
	format   format
	onEvent  func(proto.Message) (proto.Message, error)
	// promisesEnd says that the server promised to mark the end of the stream: a body that ends
	// without the mark was cut.
	promisesEnd bool
	// beginning is the cursor after which a stream over an event log began.
	beginning string
	heartbeat time.Duration
	idle      *time.Duration
	timer     *time.Timer
}

func newConnection(ctx context.Context, cancel context.CancelCauseFunc, response *http.Response, o *options, rule *StreamRule, cursor string, promisesEnd bool) *connection {
	c := &connection{
		ctx: ctx, cancel: cancel, response: response, idle: o.idleTimeout,
		promisesEnd: promisesEnd || o.requireEnd,
	}
	// The body may be that of a transport which does not look at the context.
	c.release = context.AfterFunc(ctx, func() { response.Body.Close() })
	contentType := response.Header.Get("Content-Type")
	if isSSE(contentType) {
		c.decoder = newSSEDecoder(c, o.maxEventBytes, cursor)
		return c
	}
	c.format = formatJSONLines
	hasControls := profile.MatchString(contentType)
	if hasControls {
		c.promisesEnd = true
		if rule.Heartbeat != nil {
			c.heartbeat = *rule.Heartbeat
		}
	}
	c.decoder = newJSONLinesDecoder(c, o.maxEventBytes, rule.errorEvent(), hasControls)
	return c
}

// Read reads from the body. The idle timeout counts only here: a slow caller is no silent server.
func (c *connection) Read(p []byte) (int, error) {
	limit := c.heartbeat * 5 / 2
	if c.idle != nil {
		limit = *c.idle
	}
	if limit > 0 {
		if c.timer == nil {
			c.timer = time.AfterFunc(limit, func() { c.cancel(&TimeoutError{IdleTimeoutKind, limit}) })
		} else {
			c.timer.Reset(limit)
		}
		defer c.timer.Stop()
	}
	return c.response.Body.Read(p)
}

// next returns what comes next. It fails for a body that was cut.
func (c *connection) next() (token, error) {
	found, err := c.decoder.next()
	switch {
	case err == nil:
		if found.kind == tokenComment && (found.text == "sse/1" || strings.HasPrefix(found.text, "sse/1 ")) {
			c.readPromises(found.text)
		}
		return found, nil
	case errors.Is(err, ErrEventTooLarge):
		return found, err
	case errors.Is(err, io.EOF):
		if c.promisesEnd {
			return found, ErrTruncated
		}
		return found, io.EOF // without a promise, the end of the body is the end of the stream
	}
	return found, asCause(c.ctx, &NetworkError{err})
}

// readPromises reads the opening comment: sse/1 heartbeat=15000 end cursor=1-0.
func (c *connection) readPromises(comment string) {
	c.heartbeat, c.beginning = 0, ""
	for _, word := range strings.Split(comment, " ")[1:] {
		if word == "end" {
			c.promisesEnd = true
		} else if ms, ok := strings.CutPrefix(word, "heartbeat="); ok {
			c.heartbeat, _ = parseRetry([]byte(ms))
		} else if cursor, ok := strings.CutPrefix(word, "cursor="); ok {
			c.beginning = cursor
		}
	}
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

func (c *connection) close() {
	c.release()
	c.cancel(errClosed)
	c.response.Body.Close()
}
