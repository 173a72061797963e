package sse

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"
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
