package sse

import (
	"context"
	"math/rand/v2"
	"strconv"

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
	ring   *eventRing
	schema topicSchema
	prefix string
}

// TopicOptions are options of a topic.
type TopicOptions struct {
	// Replay is how many of the last events are kept, for clients that resume. Default: 1,024.
	Replay int
	// MaxBytes is how many bytes the kept events may hold, as messages in the binary format and as
	// encoded for streams. The oldest are dropped first; the last one is always kept. Default: 64 MiB.
	MaxBytes int
	// IDField is the JSON name of the field that is the id of an event. Default: the field with
	// event_id. Without one, events have a number with a random prefix as id.
	IDField string
}

// NewTopic makes a topic. It panics if the message has no field IDField.
func NewTopic[T proto.Message](options TopicOptions) *Topic[T] {
	var zero T
	return &Topic[T]{
		ring:   newEventRing(options.Replay, options.MaxBytes),
		schema: newTopicSchema(zero.ProtoReflect().Descriptor(), options.IDField),
		prefix: strconv.FormatUint(rand.Uint64(), 36),
	}
}

// Publish sends an event to all subscribers. The message must not be changed afterwards. It fails for a
// message that has no event set in its oneof or has no JSON, for an id that no id: line can hold, and
// after Close.
func (t *Topic[T]) Publish(m T) error {
	if err := t.schema.check(m); err != nil {
		return err
	}
	err := t.ring.push(proto.Size(m), func(number int) (*sharedEvent, error) {
		id := t.prefix + "-" + strconv.Itoa(number)
		if t.schema.idField != nil {
			id = eventID(m.ProtoReflect(), t.schema.idField)
		}
		message := func() (proto.Message, error) { return m, nil }
		return newSharedEvent(id, message, func(bytes int) { t.ring.hold(number, bytes) }), checkEventID(id)
	})
	if err == nil {
		t.ring.wake()
	}
	return err
}

// Serve sends the events from now on, or after an earlier one, until the context ends or the topic
// is closed. It fails with code 11 if the event is no longer kept.
func (t *Topic[T]) Serve(ctx context.Context, s *Sender[T], after string) error {
	p, ok := t.ring.begin(after)
	if !ok {
		return Errorf(OutOfRange, "the events after %q are not kept: start over", after)
	}
	for {
		event, changed := t.ring.next(&p)
		var err error
		switch {
		case event != nil:
			err = s.w.sendShared(event)
		case p.isLost:
			end, kept := t.ring.size()
			err = Errorf(OutOfRange, "the client is %d events behind, and %d are kept: start over", end-p.number, kept)
		case changed == nil:
			return t.ring.failure()
		default:
			select {
			case <-changed:
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// Close ends all subscriptions after they have received the published events.
func (t *Topic[T]) Close() { t.ring.close(nil) }

// CloseWithError ends all subscriptions with an error after they have received the published events: an
// *Error reaches the clients as it is. Only the first call of CloseWithError or Close counts.
func (t *Topic[T]) CloseWithError(err error) { t.ring.close(err) }
