package sse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Topic is a feed of events for any number of streams. Each event is encoded once for all of them.
// The subscribers share the last events, and each takes them as its client reads. A subscriber never
// skips an event: if its next event is no longer kept, its stream ends with code 11.
//
//	trades := sse.NewTopic[*marketv1.Trade](sse.TopicOptions{Replay: 10_000})
//
//	func (e *exchange) WatchTrades(ctx context.Context, req *marketv1.WatchTradesRequest, s *sse.Sender[*marketv1.Trade]) error {
//		after, _ := s.LastEventID()
//		return e.trades.Serve(ctx, s, after)
//	}
//
//	err := trades.Publish(&marketv1.Trade{Sequence: 1})
type Topic[T proto.Message] struct {
	ring   eventRing
	idOf   func(T) string
	prefix string
}

// TopicOptions are options of a topic.
type TopicOptions struct {
	// Replay is how many of the last events are kept, for clients that resume. Default: 1,024.
	Replay int
	// MaxBytes is how many bytes the kept events may have. The oldest are dropped first; the last
	// one is always kept. Default: 64 MiB.
	MaxBytes int
	// IDField is the JSON name of the event_id field of the message. Without it, events have a
	// number with a random prefix as id.
	IDField string
}

// NewTopic makes a topic. It panics if the message has no field IDField.
func NewTopic[T proto.Message](options TopicOptions) *Topic[T] {
	var zero T
	t := &Topic[T]{prefix: strconv.FormatUint(rand.Uint64(), 36)}
	t.ring.init(options)
	if options.IDField != "" {
		field := zero.ProtoReflect().Descriptor().Fields().ByJSONName(options.IDField)
		if field == nil {
			panic(fmt.Sprintf("sse: %s has no field %q", zero.ProtoReflect().Descriptor().FullName(), options.IDField))
		}
		t.idOf = func(m T) string { return eventID(m.ProtoReflect(), field) }
	}
	return t
}

// Publish sends an event to all subscribers. The message must not be changed afterwards. It fails
// for a message without JSON, for an id that no id: line can hold, and after Close.
func (t *Topic[T]) Publish(m T) error {
	// What has no JSON must fail here, and not at each subscriber.
	if _, err := (protojson.MarshalOptions{}).Marshal(m); err != nil {
		return err
	}
	return t.ring.publish(func(number int) (*sharedEvent, error) {
		id := t.prefix + "-" + strconv.Itoa(number)
		if t.idOf != nil {
			id = t.idOf(m)
		}
		if err := checkEventID(id); err != nil {
			return nil, err
		}
		return newSharedEvent(id, proto.Size(m), func() (proto.Message, error) { return m, nil }), nil
	})
}

// Serve sends the events from now on, or after an earlier one, until the context ends or the topic
// is closed. It fails with code 11 if the event is no longer kept.
func (t *Topic[T]) Serve(ctx context.Context, s *Sender[T], after string) error {
	next, err := t.ring.after(after)
	if err != nil {
		return err
	}
	for {
		event, changed, err := t.ring.at(next)
		switch {
		case err != nil:
			return err
		case event != nil:
			next++
			if err := s.w.sendShared(event); err != nil {
				return err
			}
		case changed == nil:
			return nil
		default:
			select {
			case <-changed:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

// Close ends all subscriptions after they have received the published events.
func (t *Topic[T]) Close() { t.ring.close() }

// sharedEvent is an event that goes to many streams. It is encoded once for each method and format.
type sharedEvent struct {
	id      string
	size    int
	message func() (proto.Message, error)

	mu     sync.Mutex
	frames map[eventEncoder]sharedFrame
}

type sharedFrame struct {
	bytes    []byte
	terminal bool
}

func newSharedEvent(id string, size int, message func() (proto.Message, error)) *sharedEvent {
	return &sharedEvent{id: id, size: size, message: message, frames: map[eventEncoder]sharedFrame{}}
}

func (e *sharedEvent) frame(encoder eventEncoder) (sharedFrame, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	frame, ok := e.frames[encoder]
	if ok {
		return frame, nil
	}
	message, err := e.message()
	if err != nil {
		return frame, err
	}
	frame.bytes, frame.terminal, err = encoder.encode(nil, message, e.id, true)
	if err == nil {
		e.frames[encoder] = frame
	}
	return frame, err
}

// sendShared sends an event that other streams send too. An interceptor may change it, so it is
// encoded for this stream alone then.
func (w *eventWriter) sendShared(event *sharedEvent) error {
	if w.onEvent != nil {
		message, err := event.message()
		if err != nil {
			return err
		}
		return w.send(message, event.id, true)
	}
	frame, err := event.frame(w.encoder)
	if err != nil {
		return err
	}
	return w.append(func(b []byte) ([]byte, bool, error) { return append(b, frame.bytes...), frame.terminal, nil })
}

// eventRing is the last events of a topic. Events are numbered from 0.
type eventRing struct {
	capacity, maxBytes int

	mu sync.Mutex
	// events[i] has the number start+i.
	events  []*sharedEvent
	start   int
	bytes   int
	numbers map[string]int
	closed  bool
	// changed is closed at the next change.
	changed chan struct{}
}

func (r *eventRing) init(options TopicOptions) {
	r.capacity, r.maxBytes = options.Replay, options.MaxBytes
	if r.capacity <= 0 {
		r.capacity = 1024
	}
	if r.maxBytes <= 0 {
		r.maxBytes = 64 << 20
	}
	r.numbers = map[string]int{}
	r.changed = make(chan struct{})
}

// publish adds the event that a function makes for its number.
func (r *eventRing) publish(create func(number int) (*sharedEvent, error)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fmt.Errorf("the topic is closed")
	}
	number := r.start + len(r.events)
	event, err := create(number)
	if err != nil {
		return err
	}
	r.events = append(r.events, event)
	r.numbers[event.id] = number
	r.bytes += event.size
	for len(r.events) > 1 && (len(r.events) > r.capacity || r.bytes > r.maxBytes) {
		r.drop()
	}
	r.wake()
	return nil
}

func (r *eventRing) drop() {
	oldest := r.events[0]
	if r.numbers[oldest.id] == r.start { // an id that was given twice means the later event
		delete(r.numbers, oldest.id)
	}
	r.bytes -= oldest.size
	r.events[0] = nil
	r.events = r.events[1:]
	r.start++
}

func (r *eventRing) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// after returns the number of the event that follows an id; of the next one for no id.
func (r *eventRing) after(id string) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == "" {
		return r.start + len(r.events), nil
	}
	number, ok := r.numbers[id]
	if !ok {
		return 0, Errorf(OutOfRange, "the events after %q are not kept: start over", id)
	}
	return number + 1, nil
}

// at returns the event with a number; or what is closed at the next change; or neither, if there
// will be no more events.
func (r *eventRing) at(number int) (*sharedEvent, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := r.start + len(r.events)
	switch {
	case number < r.start:
		return nil, nil, Errorf(OutOfRange, "the client is %d events behind, and %d are kept: start over", end-number, end-r.start)
	case number < end:
		return r.events[number-r.start], nil, nil
	case r.closed:
		return nil, nil, nil
	}
	return nil, r.changed, nil
}

func (r *eventRing) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		r.wake()
	}
}
