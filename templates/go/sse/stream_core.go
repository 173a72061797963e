package sse

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

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
	info         StreamInfo
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
	if err := c.failure(); err != nil {
		return StreamInfo{}, err
	}
	if c.connection != nil || c.ended {
		return c.info, nil
	}
	return StreamInfo{}, errClosed
}
