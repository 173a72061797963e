package sse

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// logRingSize is how many entries of a topic a node holds.
	logRingSize = 1024
	// logPageSize is how many entries a subscriber that is behind reads at once.
	logPageSize = 256
	// logAnswerTime is how long a subscriber waits for the log before its stream begins, and
	// logFailingTime how long for one that refuses every call.
	logAnswerTime  = 5 * time.Second
	logFailingTime = time.Minute
	// logIdleTime is how long a topic follows its log without a subscriber.
	logIdleTime = time.Minute
)

// LogTopic is a topic whose events are kept in an event log, so that every node which uses the log
// has the same events in the same order, and a client resumes at any of them. Make one for each name
// and process.
//
// The id of an event is its cursor. A text field with event_id gets it when the event is delivered.
type LogTopic[T proto.Message] struct {
	log     EventLog
	name    string
	idField protoreflect.FieldDescriptor

	mu          sync.Mutex
	tail        *logTail
	subscribers int
	idle        *time.Timer
}

// LogTopicOptions are options of a topic over a log.
type LogTopicOptions struct {
	// IDField is the JSON name of the event_id field of the message, which must be text.
	IDField string
}

// NewLogTopic makes a topic of a log. It panics if the message has no text field IDField.
func NewLogTopic[T proto.Message](log EventLog, name string, options LogTopicOptions) *LogTopic[T] {
	t := &LogTopic[T]{log: log, name: name}
	if options.IDField != "" {
		var zero T
		message := zero.ProtoReflect().Descriptor()
		t.idField = message.Fields().ByJSONName(options.IDField)
		if t.idField == nil || t.idField.Kind() != protoreflect.StringKind || t.idField.IsList() {
			panic(fmt.Sprintf("sse: %s has no text field %q, which could hold the cursor of an event log", message.FullName(), options.IDField))
		}
	}
	return t
}

// Publish appends an event, and returns its cursor when the log has it. With a key, a publication
// that failed can be repeated. It fails with code 14 if the log did not confirm the event, which may
// be in the log nevertheless.
func (t *LogTopic[T]) Publish(ctx context.Context, m T, key string) (cursor string, err error) {
	if _, err := (protojson.MarshalOptions{}).Marshal(m); err != nil {
		return "", err
	}
	data, err := proto.Marshal(m)
	if err != nil {
		return "", err
	}
	cursor, err = t.log.Append(ctx, t.name, data, key)
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

// Serve sends the events from now on, or after an earlier one, until the context ends. It fails with
// a *CursorError, which is code 11, if the events after that one cannot be given without a gap, and
// with code 14 if the log does not answer.
func (t *LogTopic[T]) Serve(ctx context.Context, s *Sender[T], after string) error {
	tail := t.subscribe()
	defer t.unsubscribe()
	hadBegun := tail.hasBegun()
	if err := tail.waitBegun(ctx); err != nil {
		return err
	}
	if after == "" && hadBegun {
		after = tail.tip()
	} else if after == "" {
		after = tail.beginning // what was published since is after the subscription
	} else if !isCursor(after) {
		return &CursorError{after, GapUnknown}
	}
	isFirst := true
	var failingSince time.Time
	for {
		events, changed, known := tail.after(after)
		if !known {
			page, err := t.read(ctx, after)
			var status *Error
			switch {
			case err == nil:
				failingSince = time.Time{}
				events = page
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case errors.As(err, &status):
				return err
			case failingSince.IsZero():
				failingSince = time.Now()
				fallthrough
			default:
				if isFirst && time.Since(failingSince) > logAnswerTime || time.Since(failingSince) > logFailingTime {
					return logStatus(err, "the event log is unavailable")
				}
			}
		}
		if isFirst && (known || failingSince.IsZero()) {
			isFirst = false
			if err := s.w.begin(after); err != nil {
				return err
			}
		}
		for _, event := range events {
			if err := s.w.sendShared(event); err != nil {
				return err
			}
			after = event.id
		}
		if len(events) > 0 {
			continue
		}
		var pause <-chan time.Time
		if !known { // the tail is behind the log, or the log fails
			pause = time.After(time.Duration(25+rand.IntN(50)) * time.Millisecond)
		}
		select {
		case <-changed:
		case <-pause:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// read reads a page of the log.
func (t *LogTopic[T]) read(ctx context.Context, after string) (events []*sharedEvent, err error) {
	ctx, cancel := context.WithTimeout(ctx, logAnswerTime)
	defer cancel()
	entries, err := t.log.Read(ctx, t.name, after, logPageSize)
	for _, entry := range entries {
		events = append(events, t.event(entry))
	}
	return events, err
}

// event returns the event of an entry. Its message is decoded once, when it is first needed.
func (t *LogTopic[T]) event(entry Entry) *sharedEvent {
	decode := sync.OnceValues(func() (proto.Message, error) {
		var zero T
		m := zero.ProtoReflect().New()
		err := proto.Unmarshal(entry.Data, m.Interface())
		if t.idField != nil {
			m.Set(t.idField, protoreflect.ValueOfString(entry.Cursor))
		}
		return m.Interface(), err
	})
	return newSharedEvent(entry.Cursor, len(entry.Data), decode)
}

func (t *LogTopic[T]) subscribe() *logTail {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscribers++
	if t.idle != nil {
		t.idle.Stop()
	}
	if t.tail == nil {
		t.tail = newLogTail(t.log, t.name, t.event)
	}
	return t.tail
}

func (t *LogTopic[T]) unsubscribe() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subscribers--; t.subscribers > 0 {
		return
	}
	t.idle = time.AfterFunc(logIdleTime, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.subscribers == 0 && t.tail != nil {
			t.tail.stop()
			t.tail = nil
		}
	})
}

// logTail is what a node holds of a topic that it follows: the last entries, and the tail of the log
// that brings them. A tail that fails begins again at the end of the log. Each subscriber then
// continues after its own cursor, and finds out whether entries are missing.
type logTail struct {
	stop context.CancelFunc
	// begun is closed when the tail runs; beginning is the cursor after which it began.
	begun     chan struct{}
	beginning string

	mu     sync.Mutex
	events []*sharedEvent
	// places are the places of cursors in events, and first is that of events[0]. A cursor that
	// stands before the first event is in it too.
	places map[string]int
	first  int
	// before is the cursor of the entry before events[0].
	before  string
	last    string
	changed chan struct{}
}

func newLogTail(log EventLog, name string, toEvent func(Entry) *sharedEvent) *logTail {
	ctx, stop := context.WithCancel(context.Background())
	t := &logTail{stop: stop, begun: make(chan struct{}), places: map[string]int{}, changed: make(chan struct{})}
	go t.run(ctx, log, name, toEvent)
	return t
}

func (t *logTail) run(ctx context.Context, log EventLog, name string, toEvent func(Entry) *sharedEvent) {
	delay := 100 * time.Millisecond
	for isFirst := true; ctx.Err() == nil; {
		tip, err := log.Tip(ctx, name)
		if err == nil {
			t.reset(tip)
			if isFirst {
				isFirst = false
				t.beginning = tip
				close(t.begun)
			}
			_ = log.Tail(ctx, name, tip, func(entries []Entry) {
				delay = 100 * time.Millisecond
				t.push(entries, toEvent)
			})
		}
		sleep(ctx.Done(), time.Duration(float64(delay)*(0.5+rand.Float64())))
		delay = min(2*delay, 2*time.Second)
	}
}

// hasBegun says whether the tail runs, or has run.
func (t *logTail) hasBegun() bool {
	select {
	case <-t.begun:
		return true
	default:
		return false
	}
}

// waitBegun waits until the tail runs.
func (t *logTail) waitBegun(ctx context.Context) error {
	timer := time.NewTimer(logAnswerTime)
	defer timer.Stop()
	select {
	case <-t.begun:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return Errorf(Unavailable, "the event log does not answer")
	}
}

// reset drops all events. The next event follows tip.
func (t *logTail) reset(tip string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events, t.first, t.before, t.last = nil, 0, tip, tip
	t.places = map[string]int{tip: 0}
	t.wake()
}

func (t *logTail) push(entries []Entry, toEvent func(Entry) *sharedEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, entry := range entries {
		t.events = append(t.events, toEvent(entry))
		t.last = entry.Cursor
		t.places[entry.Cursor] = t.first + len(t.events)
	}
	for len(t.events) > logRingSize {
		// The cursor of the event that goes still has its place, before the first one that is left.
		delete(t.places, t.before)
		t.before = t.events[0].id
		t.events[0] = nil
		t.events = t.events[1:]
		t.first++
	}
	t.wake()
}

func (t *logTail) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *logTail) tip() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// after returns the events that follow a cursor, and what is closed at the next change; false if the
// cursor is not here.
func (t *logTail) after(cursor string) (events []*sharedEvent, changed <-chan struct{}, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	place, ok := t.places[cursor]
	if !ok || place < t.first {
		return nil, t.changed, false
	}
	rest := t.events[place-t.first:]
	return append(events, rest[:min(len(rest), logPageSize)]...), t.changed, true
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
