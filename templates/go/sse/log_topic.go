package sse

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// logFailingTime is how long a subscriber waits for a log that refuses every call. After that its stream
// ends, and the client reconnects to any node.
const logFailingTime = time.Minute

// logIdleTime is how long a node follows a topic without a subscriber.
var logIdleTime = time.Minute

// LogTopic is a topic whose events are kept in an event log, so that every node which uses the log
// has the same events in the same order, and a client resumes at any of them.
//
// The id of an event is its cursor. A text field with event_id gets it when the event is delivered; what
// the publisher put there is replaced.
type LogTopic[T proto.Message] struct {
	log     EventLog
	options LogTopicOptions
	schema  topicSchema
	key     tailKey
	closed  atomic.Bool
	failure error // what ends the subscriptions, once it is closed
}

// LogTopicOptions are options of a topic over a log. Of topics of one log with one name, those of the
// first one that is served count.
type LogTopicOptions struct {
	// MaxBytes is how many bytes the last 1,024 entries may hold, which this node keeps while it follows
	// the topic. Default: 64 MiB.
	MaxBytes int
	// IDField is the JSON name of the field that gets the cursor, which must be text. Default: the field
	// with event_id.
	IDField string
	// OnTail is called when this node receives new entries of a topic. It must return soon.
	OnTail func(topic string, info TailInfo)
	// OnGap is called when a subscriber cannot continue after a cursor and ends with code 11, and when
	// this node itself missed entries. The reason shows whether retention is too short (GapTrimmed,
	// GapBehind) or the log has lost events (GapFuture, GapUnknown).
	OnGap func(topic, cursor string, reason GapReason)
}

// TailInfo is what OnTail is told.
type TailInfo struct {
	// Lag is the time since the log took the newest of the entries, by the clocks of both; less than 0
	// if the log does not keep the time.
	Lag time.Duration
	// Entries is the number of entries that arrived together.
	Entries int
}

// tailKey tells tails apart.
type tailKey struct {
	log     EventLog
	name    string
	message protoreflect.FullName
	idField string
}

// tails are those of all topics that this process follows.
var tails = struct {
	sync.Mutex
	byKey map[tailKey]*logTail
}{byKey: map[tailKey]*logTail{}}

// processLog is the log of topics that are given none.
var processLog = sync.OnceValue(func() EventLog { return NewMemoryEventLog(Retention{}) })

// NewLogTopic makes a topic of a log. Topics of one log with one name share what the node holds of it, so
// the call may be in a handler. The node follows a topic while it is served, and for 60 seconds after
// that. Take names from requests only after you have checked them.
//
// Without a log, nil, it uses one in memory for the whole process. It panics for an empty name, if the
// field that would get the cursor is not there or cannot hold it, and for a log that cannot be compared.
func NewLogTopic[T proto.Message](log EventLog, name string, options LogTopicOptions) *LogTopic[T] {
	var zero T
	schema := newTopicSchema(zero.ProtoReflect().Descriptor(), options.IDField)
	// A member of a oneof could displace another one.
	if f := schema.idField; f != nil && (f.Kind() != protoreflect.StringKind || f.IsList() || f.ContainingOneof() != nil && !f.HasOptionalKeyword()) {
		panic(fmt.Sprintf("sse: %s has event_id, and cannot hold the cursor of an event log: make it a text field", f.FullName()))
	}
	if name == "" {
		panic("sse: the name is empty: give the topic a name in its log")
	}
	if log == nil {
		log = processLog()
	}
	if !reflect.TypeOf(log).Comparable() {
		panic(fmt.Sprintf("sse: an event log of type %T cannot be compared: use a pointer", log))
	}
	key := tailKey{log, name, schema.message.FullName(), options.IDField}
	return &LogTopic[T]{log: log, options: options, schema: schema, key: key}
}

// Publish appends an event, and returns its cursor when the log has it. With a key, which may be empty, a
// publication that failed can be repeated. It fails with code 14 if the log did not confirm the event,
// which may be in the log nevertheless; for a message that has no event set in its oneof or has no JSON;
// and after Close.
func (t *LogTopic[T]) Publish(ctx context.Context, m T, key string) (cursor string, err error) {
	if t.closed.Load() {
		return "", errTopicClosed
	}
	if err := t.schema.check(m); err != nil {
		return "", err
	}
	data, err := proto.Marshal(m)
	if err != nil {
		return "", err
	}
	tails.Lock()
	tail := tails.byKey[t.key]
	tails.Unlock()
	if tail != nil {
		// A subscriber that came before this call gets the event, even if the tail has not begun yet.
		_ = tail.waitBegun(ctx)
	}
	cursor, err = t.log.Append(ctx, t.key.name, data, key)
	if err != nil {
		return "", logStatus(err, "the event log did not confirm the event: it may have been kept")
	}
	return cursor, nil
}

// logStatus returns an error of a log as streams report it.
func logStatus(err error, message string) error {
	var status *Error
	if errors.As(err, &status) {
		return err
	}
	return Errorf(Unavailable, "%s", message)
}

// Serve sends the events from now on, or after an earlier one, until the context ends or the topic is
// closed. It fails with a *CursorError, which is code 11, if the events after that one cannot be given
// without a gap, and with code 14 if the log does not answer.
func (t *LogTopic[T]) Serve(ctx context.Context, s *Sender[T], after string) error {
	tail := t.subscribe()
	if tail == nil {
		return t.failure
	}
	defer t.unsubscribe(tail)
	hadBegun := tail.hasBegun()
	if after != "" && !isCursor(after) {
		tail.onGap(after, GapUnknown)
		return &CursorError{after, GapUnknown}
	}
	if err := tail.waitBegun(ctx); err != nil {
		return err
	}
	if tail.beginning == "" { // it was closed, or the log failed for good, before it had begun
		return tail.ring.failure()
	}
	if after == "" && hadBegun {
		after = tail.last()
	} else if after == "" {
		after = tail.beginning // what was published since is after the subscription
	}
	return (&logSubscription{tail: tail, writer: s.w, place: place{id: after, number: -1}}).run(ctx)
}

// Close ends all subscriptions of this node after they have received its events. The log and other nodes
// are not affected.
func (t *LogTopic[T]) Close() { t.CloseWithError(nil) }

// CloseWithError does what Close does, and ends the subscriptions with an error: an *Error reaches the
// clients as it is. Only the first call of CloseWithError or Close counts.
func (t *LogTopic[T]) CloseWithError(err error) {
	tails.Lock()
	defer tails.Unlock()
	if t.closed.Load() {
		return
	}
	t.failure = err
	t.closed.Store(true)
	tail := tails.byKey[t.key]
	delete(tails.byKey, t.key)
	if tail != nil {
		tail.ring.close(err)
		tail.stop()
	}
}

// event returns the event of an entry. Its message is decoded once, when it is first needed.
func (t *LogTopic[T]) event(entry Entry, onEncode func(bytes int)) *sharedEvent {
	decode := sync.OnceValues(func() (proto.Message, error) {
		var zero T
		m := zero.ProtoReflect().New()
		err := proto.Unmarshal(entry.Data, m.Interface())
		if t.schema.idField != nil {
			m.Set(t.schema.idField, protoreflect.ValueOfString(entry.Cursor))
		}
		return m.Interface(), err
	})
	return newSharedEvent(entry.Cursor, decode, onEncode)
}

// subscribe returns the tail of the topic; nil after Close.
func (t *LogTopic[T]) subscribe() *logTail {
	tails.Lock()
	defer tails.Unlock()
	if t.closed.Load() {
		return nil
	}
	tail := tails.byKey[t.key]
	if tail == nil || tail.ring.isClosed() {
		tail = newLogTail(t.log, t.key.name, t.options, t.event)
		tails.byKey[t.key] = tail
	}
	tail.subscribers++
	if tail.idle != nil {
		tail.idle.Stop()
	}
	return tail
}

func (t *LogTopic[T]) unsubscribe(tail *logTail) {
	tails.Lock()
	defer tails.Unlock()
	if tail.subscribers--; tail.subscribers > 0 {
		return
	}
	tail.idle = time.AfterFunc(logIdleTime, func() {
		tails.Lock()
		defer tails.Unlock()
		if tail.subscribers == 0 {
			tail.stop()
			if tails.byKey[t.key] == tail {
				delete(tails.byKey, t.key)
			}
		}
	})
}

// begin tells the client where a stream over a log begins, so that nothing is lost if it is cut
// before its first event.
func (w *eventWriter) begin(cursor string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cursor = cursor
	if events, ok := w.encoder.(*sseEncoder); ok && w.hasBegun && w.events == 0 && w.err == nil {
		// The handler took longer than the commit window, so the opening was sent without it.
		w.unsent = events.opening(w.unsent, cursor)
		w.wakeUp()
	}
	return w.err
}
