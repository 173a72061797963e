package sse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Stream reads the events of one call. It sends nothing before it is read. One goroutine reads it;
// Close, Reconnect, State and LastEventID are safe from others.
//
// The context of the call is the life of the stream: when it ends, Err is its cause. A stream that
// was begun and is not read to its end must be closed; leaving a loop over All does that.
type Stream[T proto.Message] struct {
	core  *streamCore
	value T
}

// CallStream calls a method that answers with a stream. Generated clients call it.
func CallStream[Res proto.Message](ctx context.Context, t *Transport, m *Method, req proto.Message, opts []StreamOption) *Stream[Res] {
	o := t.options.clone()
	for _, opt := range opts {
		opt.applyToStream(o)
	}
	var zero Res
	return &Stream[Res]{core: newStreamCore(ctx, t, o, m, req, zero.ProtoReflect().Type())}
}

// Next waits for the next event. To ask for it says that the one before is finished with, so that a
// reconnection continues after it. Next returns false at the end of the stream, after Close, and if
// the stream failed: see Err.
func (s *Stream[T]) Next() bool {
	for {
		message, ok := s.core.next()
		if !ok {
			var zero T
			s.value = zero
			return false
		}
		if s.value, ok = message.(T); ok {
			return true
		}
		s.core.fail(fmt.Errorf("an interceptor gave a %T as an event", message))
	}
}

// Value returns the event that Next found. It is the caller's: it is never reused.
func (s *Stream[T]) Value() T { return s.value }

// Err returns what the stream failed with; nil at its end, and after Close.
func (s *Stream[T]) Err() error { return s.core.failure() }

// Close ends the stream and releases its connection. It wakes a Next that waits. It returns nil.
func (s *Stream[T]) Close() error {
	s.core.close(nil)
	return nil
}

// All ranges over the events. Leaving the loop closes the stream. An error is the last pair.
func (s *Stream[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		defer s.Close()
		for s.Next() {
			if !yield(s.value, nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			var zero T
			yield(zero, err)
		}
	}
}

// Open connects, unless the stream is connected, and waits for the head of a response. It is for
// callers that want to know whether a stream opens before they wait for an event.
func (s *Stream[T]) Open() (StreamInfo, error) { return s.core.open() }

// StreamInfo is the head of a response.
type StreamInfo struct {
	Status int
	Header http.Header
	// Attempt is 1 if the first request succeeded.
	Attempt int
}

// LastEventID returns the cursor: the id of the last event that the caller has finished with.
func (s *Stream[T]) LastEventID() string { return s.core.cursorNow() }

// Meta is what came with an event.
type Meta struct {
	// Name is the name of the event; "message" for an event without one.
	Name string
	// ID is the last event ID in force; OwnID says whether the event set it.
	ID    string
	OwnID bool
	// Retry is the retry: of the event; zero if it has none.
	Retry time.Duration
	// Attempt is the request that brought the event.
	Attempt int
}

// Event returns what came with Value.
func (s *Stream[T]) Event() Meta { return s.core.meta }

// Reconnect ends a wait for the next attempt at once, or drops the connection and opens another one
// from the cursor. It does nothing before the stream is read, and after its end.
func (s *Stream[T]) Reconnect() { s.core.reconnect() }

// State is what a stream does.
type State string

// The states of a stream.
const (
	StateIdle       State = "idle"
	StateConnecting State = "connecting"
	StateOpen       State = "open"
	StateWaiting    State = "waiting"
	StateClosed     State = "closed"
)

// State returns what the stream does now.
func (s *Stream[T]) State() State {
	s.core.mu.Lock()
	defer s.core.mu.Unlock()
	return s.core.state
}

var (
	errClosed    = errors.New("the stream is closed")
	errReconnect = errors.New("the caller asked to reconnect")
)

// streamCore is a stream of messages of any type.
type streamCore struct {
	transport *Transport
	options   *options
	method    *Method
	rule      *StreamRule
	request   proto.Message
	response  protoreflect.MessageType
	policy    ReconnectPolicy
	// resumes says whether to reconnect at all, and always whether also after an event without id.
	resumes, always bool

	caller context.Context

	mu    sync.Mutex
	state State
	// ctx ends with that of the caller, and when the stream is closed. It is made at first use, as
	// a stream that is never read need not be closed.
	ctx    context.Context
	cancel context.CancelCauseFunc
	cursor string
	err    error
	// drop ends the connection, or the wait for the next one.
	drop context.CancelCauseFunc

	// The following are used by the goroutine that reads only.

	connection *connection
	// position is the next cursor, once the caller has finished the event that it took.
	position string
	// unidentified says that the last event had no id of its own, so that the cursor does not
	// stand for it.
	unidentified bool
	ended        bool
	attempt      int
	failures     failures
	retry        *time.Duration
	meta         Meta
}

func newStreamCore(ctx context.Context, t *Transport, o *options, m *Method, req proto.Message, res protoreflect.MessageType) *streamCore {
	c := &streamCore{
		transport: t, options: o, method: m, rule: m.Stream, request: req, response: res,
		caller: ctx, state: StateIdle, cursor: o.lastEventID, position: o.lastEventID,
		resumes: m.Stream.Resumable && !o.noReconnect,
	}
	if o.reconnect != nil {
		c.policy, c.resumes, c.always = *o.reconnect, true, true
	}
	return c
}

// place says where the stream failed. It leaves alone what says so already.
func (c *streamCore) place(err error) error {
	if _, ok := err.(*StreamError); ok {
		return err
	}
	phase := PhaseOpen
	if c.connection != nil {
		phase = PhaseBody
	}
	return &StreamError{Method: c.method.Name, Phase: phase, LastEventID: c.cursorNow(), Attempt: c.attempt, Err: err}
}

func (c *streamCore) cursorNow() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cursor
}

func (c *streamCore) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// commit says that the caller has finished the event that it took.
func (c *streamCore) commit() {
	c.mu.Lock()
	c.cursor = c.position
	c.mu.Unlock()
}

// setState returns false if the stream is closed.
func (c *streamCore) setState(state State) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == StateClosed {
		return false
	}
	c.state = state
	return true
}

// close ends the stream, with an error or without.
func (c *streamCore) close(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != StateClosed {
		c.state, c.err = StateClosed, err
	}
	if c.cancel != nil {
		c.cancel(errClosed)
	}
}

// fail closes the stream with an error.
func (c *streamCore) fail(err error) { c.close(c.place(err)) }

func (c *streamCore) reconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drop != nil && c.state != StateClosed {
		c.drop(errReconnect)
	}
}

// part returns a context for a connection, or a wait for the next one, which reconnect ends. It has
// ended already if the stream is closed.
func (c *streamCore) part() (context.Context, context.CancelCauseFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancelCause(c.caller)
	}
	if c.state == StateClosed {
		c.cancel(errClosed)
	}
	var ctx context.Context
	ctx, c.drop = context.WithCancelCause(c.ctx)
	return ctx, c.drop
}

// next returns the next event; false at the end, or if the stream is closed.
func (c *streamCore) next() (proto.Message, bool) {
	c.commit()
	for !c.isOver() {
		message, err := c.step()
		switch {
		case err != nil:
			c.recover(err)
		case message != nil && !c.isClosed(): // OnEvent may have closed it
			return message, true
		}
	}
	c.release()
	return nil, false
}

// isOver says whether the stream is closed, and closes it if its context has ended.
func (c *streamCore) isOver() bool {
	if err := c.caller.Err(); err != nil {
		c.close(context.Cause(c.caller))
	} else if c.ended {
		c.close(nil)
	}
	return c.isClosed()
}

func (c *streamCore) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == StateClosed
}

// release ends the connection.
func (c *streamCore) release() {
	if c.connection != nil {
		c.connection.close()
		c.connection = nil
	}
}

// step connects, or reads an event. It returns nil for what is no event.
func (c *streamCore) step() (proto.Message, error) {
	if c.connection == nil {
		return nil, c.connect()
	}
	found, err := c.connection.next()
	if err == io.EOF {
		c.ended = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if found.kind != tokenEvent {
		c.onMark(found)
		return nil, nil
	}
	return c.onEvent(found.event)
}

func (c *streamCore) open() (StreamInfo, error) {
	for c.connection == nil && !c.isOver() {
		if err := c.connect(); err != nil {
			c.recover(err)
		}
	}
	if c.connection != nil {
		response := c.connection.response
		return StreamInfo{Status: response.StatusCode, Header: response.Header, Attempt: c.attempt}, nil
	}
	if err := c.failure(); err != nil {
		return StreamInfo{}, err
	}
	if c.ended {
		return StreamInfo{Status: http.StatusNoContent, Attempt: c.attempt}, nil
	}
	return StreamInfo{}, errClosed
}

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
	if err == nil && response.StatusCode == http.StatusNoContent {
		c.ended = true
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
	if errors.As(err, &network) && (errors.As(cause, &timeout) || cause == errReconnect) {
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

// onMark handles what is no event.
func (c *streamCore) onMark(found token) {
	switch found.kind {
	case tokenID:
		id := found.event.ID
		if id == "" {
			id = c.connection.beginning
		}
		if id != c.position {
			c.failures.progress()
		}
		c.position = id
		c.commit() // nothing was taken since the last event
	case tokenRetry:
		c.retry = &found.retry
	case tokenComment:
		// Until an event brings one, this is the cursor: what is published while the stream
		// reconnects is not lost.
		if c.position == "" && c.connection.beginning != "" {
			c.position = c.connection.beginning
			c.commit()
		}
		if c.options.onComment != nil {
			c.options.onComment(strings.TrimPrefix(found.text, " "))
		}
		if found.text == "" {
			c.failures.heartbeat()
		} else if found.text == "end" && c.connection.promisesEnd {
			c.ended = true
		}
	}
}

// onEvent returns the message of an event; nil for one that is skipped.
func (c *streamCore) onEvent(event RawEvent) (proto.Message, error) {
	if c.rule.TerminalData != "" && string(event.Data) == c.rule.TerminalData {
		c.ended = true
		return nil, nil
	}
	message, err := c.decode(event)
	if err != nil {
		return nil, err
	}
	c.failures.progress()
	c.unidentified = !event.OwnID || event.ID == ""
	c.position = event.ID
	if event.ID == "" {
		c.position = c.connection.beginning
	}
	if c.connection.format == formatSSE {
		if rule := c.rule.event(event.Event); rule != nil && rule.Terminal {
			c.ended = true
		}
	}
	if message == nil {
		c.commit()
		return nil, nil
	}
	c.meta = Meta{Name: event.Event, ID: event.ID, OwnID: event.OwnID, Retry: event.Retry, Attempt: c.attempt}
	return message, nil
}

// event returns the member of the oneof with a name; nil if there is none.
func (r *StreamRule) event(name string) *EventRule {
	for i := range r.Events {
		if r.Events[i].Name == name {
			return &r.Events[i]
		}
	}
	return nil
}

// decode returns the message of an event; nil for one that is skipped.
func (c *streamCore) decode(event RawEvent) (proto.Message, error) {
	if event.Event == c.rule.errorEvent() || hasField(event.Data, c.options.errorField) {
		return nil, c.options.readFailure(event.Data, c.connection.response, true)
	}
	isLine := c.connection.format == formatJSONLines
	rule := c.rule.event(event.Event)
	if !isLine && c.rule.Events != nil && rule == nil {
		if c.options.onUnknownEvent != nil {
			c.options.onUnknownEvent(event)
		}
		if c.options.unknownFail {
			return nil, decodeError(event, errors.New("the method declares no such event"))
		}
		return nil, nil
	}
	message := c.response.New().Interface()
	var err error
	if isLine || rule == nil {
		err = c.options.unmarshal.Unmarshal(event.Data, message)
	} else {
		err = c.decodeMember(event, rule, message.ProtoReflect())
	}
	if err == nil && c.options.validate != nil {
		err = c.options.validate(message)
	}
	if err != nil {
		if c.options.skipInvalid {
			return nil, nil
		}
		return nil, decodeError(event, err)
	}
	if c.connection.onEvent != nil {
		return c.connection.onEvent(message)
	}
	return message, nil
}

// decodeMember reads a member of a oneof of events, and the id of the event.
func (c *streamCore) decodeMember(event RawEvent, rule *EventRule, message protoreflect.Message) error {
	fields := message.Descriptor().Fields()
	field := fields.ByJSONName(rule.Field)
	if field.Message() != nil {
		member := message.Mutable(field).Message().Interface()
		if err := c.options.unmarshal.Unmarshal(event.Data, member); err != nil {
			return err
		}
	} else if err := c.options.mergeField(message, rule.Field, event.Data); err != nil {
		return err
	}
	if c.rule.ID != "" && event.OwnID && event.ID != "" {
		// The JSON of numbers may be text.
		text := []byte(strconv.Quote(event.ID))
		if fields.ByJSONName(c.rule.ID).Kind() == protoreflect.BoolKind {
			text = []byte(event.ID)
		}
		return c.options.mergeField(message, c.rule.ID, text)
	}
	return nil
}

// mergeField reads the JSON of one field.
func (o *options) mergeField(message protoreflect.Message, name string, text []byte) error {
	if !json.Valid(text) {
		return errors.New("not JSON")
	}
	part := message.Type().New().Interface()
	whole := append(append([]byte(`{"`+name+`":`), text...), '}')
	if err := o.unmarshal.Unmarshal(whole, part); err != nil {
		return err
	}
	proto.Merge(message.Interface(), part)
	return nil
}

func decodeError(event RawEvent, err error) error {
	return &DecodeError{Event: event.Event, ID: event.ID, Data: append([]byte(nil), event.Data...), Err: err}
}

// hasField says whether data is a JSON object that has a value for a field.
func hasField(data []byte, name string) bool {
	if name == "" {
		return false
	}
	value, ok := readFields(data)[name]
	return ok && string(value) != "null"
}

// recover waits for the next attempt, or closes the stream.
func (c *streamCore) recover(err error) {
	placed := c.place(err)
	c.release()
	if c.isOver() {
		return
	}
	if errors.Is(err, errReconnect) {
		return
	}
	if !c.resumes || c.unidentified && !c.always || !isOfRuntime(err) {
		c.close(placed)
		return
	}
	next := Reconnection{Attempt: c.attempt + 1, LastEventID: c.position, Err: placed}
	c.setState(StateWaiting)
	ctx, cancel := c.part()
	defer cancel(nil)
	again := mayHelp(err)
	if c.policy.ShouldReconnect != nil {
		again = c.policy.ShouldReconnect(c.ctx, placed, next)
	}
	if !again || c.isClosed() { // ShouldReconnect may have closed it
		c.close(placed)
		return
	}
	delay, failure := c.failures.add(placed, c.policy, c.retry)
	if failure != nil {
		c.close(c.place(failure))
		return
	}
	next.Delay = delay
	if c.options.onReconnect != nil {
		c.options.onReconnect(next)
	}
	sleep(ctx.Done(), delay)
}

// isOfRuntime says whether an error is one of this package: others are of functions of the caller.
func isOfRuntime(err error) bool {
	var decode *DecodeError
	var contentType *ContentTypeError
	var request *RequestError
	var status *Error
	return errors.As(err, &decode) || errors.As(err, &contentType) || errors.As(err, &request) ||
		errors.As(err, &status) || isOfConnection(err) || errors.Is(err, ErrEventTooLarge)
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
	c.cancel(errClosed)
	c.response.Body.Close()
}
