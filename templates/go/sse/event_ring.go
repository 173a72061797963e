package sse

import (
	"errors"
	"sync"

	"google.golang.org/protobuf/proto"
)

const (
	// defaultReplay and defaultMaxBytes are what a topic keeps unless its options say otherwise.
	defaultReplay   = 1024
	defaultMaxBytes = 64 << 20
)

var errTopicClosed = errors.New("the topic is closed: publish to an open one")

// sharedEvent is an event that goes to many streams. It is encoded once for each method and format.
type sharedEvent struct {
	id      string
	message func() (proto.Message, error)
	// onEncode is told how many bytes an encoding adds to the event.
	onEncode func(bytes int)

	mu     sync.Mutex
	frames map[eventEncoder]sharedFrame
}

type sharedFrame struct {
	bytes    []byte
	terminal bool
}

func newSharedEvent(id string, message func() (proto.Message, error), onEncode func(bytes int)) *sharedEvent {
	return &sharedEvent{id: id, message: message, onEncode: onEncode, frames: map[eventEncoder]sharedFrame{}}
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
		e.onEncode(len(frame.bytes))
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

// eventRing is the last events of a topic, which all its subscribers share. Events are numbered from 0.
type eventRing struct {
	capacity, maxBytes int
	// isOfLog says that ids are unique, so that a place which the ring has lost may be found again.
	isOfLog bool

	mu sync.Mutex
	// held[i] has the number start+i.
	held  []heldEvent
	start int
	bytes int
	// numbers are those of ids.
	numbers map[string]int
	closed  bool
	// err is what ends the subscriptions of a closed ring.
	err error
	// changed is closed at the next change.
	changed chan struct{}
}

type heldEvent struct {
	event *sharedEvent
	bytes int
}

func newEventRing(capacity, maxBytes int) *eventRing {
	if capacity <= 0 {
		capacity = defaultReplay
	}
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	return &eventRing{capacity: capacity, maxBytes: maxBytes, numbers: map[string]int{}, changed: make(chan struct{})}
}

// push adds the event that a function makes for its number, which holds this many bytes so far. It does
// not wake the subscribers: call wake once after many events.
func (r *eventRing) push(bytes int, create func(number int) (*sharedEvent, error)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errTopicClosed
	}
	number := r.start + len(r.held)
	event, err := create(number)
	if err != nil {
		return err
	}
	if len(r.held) == r.capacity {
		r.drop()
	}
	r.held = append(r.held, heldEvent{event: event})
	r.numbers[event.id] = number
	r.grow(number, bytes)
	return nil
}

// hold counts what an event holds in addition, and drops the oldest events while there is too much. The
// last one is always kept.
func (r *eventRing) hold(number, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.grow(number, bytes)
}

func (r *eventRing) grow(number, bytes int) {
	if number < r.start { // a dropped event belongs only to the streams that took it
		return
	}
	r.held[number-r.start].bytes += bytes
	r.bytes += bytes
	for r.bytes > r.maxBytes && len(r.held) > 1 {
		r.drop()
	}
}

func (r *eventRing) drop() {
	oldest := r.held[0]
	if r.numbers[oldest.event.id] == r.start { // an id that was given twice means the later event
		delete(r.numbers, oldest.event.id)
	}
	r.bytes -= oldest.bytes
	r.held[0] = heldEvent{}
	r.held = r.held[1:]
	r.start++
}

// reset drops all events. The next event follows id. One number is skipped, so that no earlier place
// leads to it.
func (r *eventRing) reset(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.start + len(r.held)
	r.held, r.bytes, r.start = nil, 0, last+1
	r.numbers = map[string]int{id: last}
	r.wakeAll()
}

func (r *eventRing) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakeAll()
}

func (r *eventRing) wakeAll() {
	if !r.closed {
		close(r.changed)
		r.changed = make(chan struct{})
	}
}

// after returns the number of the event that follows an id, if the ring has that place; -1 otherwise.
func (r *eventRing) after(id string) (number int, ok bool) {
	number, ok = r.numbers[id]
	if !ok || number+1 < r.start {
		return -1, false
	}
	return number + 1, true
}

// place is where a subscriber is: what follows an event.
type place struct {
	// id is that of the last event that the subscriber took.
	id string
	// number is that of the next event, and isLost says that the ring no longer has it.
	number int
	isLost bool
}

// next returns the event at a place, and moves the place behind it. Without one it returns what is
// closed at the next change, or neither if there will be no more.
func (r *eventRing) next(p *place) (event *sharedEvent, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.number < r.start && r.isOfLog {
		// The ring may have dropped events or been reset since: look the id up again.
		p.number, _ = r.after(p.id)
	}
	p.isLost = p.number < r.start
	if !p.isLost && p.number < r.start+len(r.held) {
		event = r.held[p.number-r.start].event
		p.id, p.number = event.id, p.number+1
		return event, r.changed
	}
	if r.closed {
		return nil, nil
	}
	return nil, r.changed
}

// begin returns the place after an id; of the next event for no id.
func (r *eventRing) begin(id string) (p place, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == "" {
		return place{number: r.start + len(r.held)}, true
	}
	number, ok := r.after(id)
	return place{id: id, number: number}, ok
}

// size returns the number of the next event, and how many are kept.
func (r *eventRing) size() (end, kept int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.start + len(r.held), len(r.held)
}

// failure is what ends the subscriptions of a closed ring.
func (r *eventRing) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *eventRing) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// close ends all subscriptions after the events of the ring: with an error, or nil.
func (r *eventRing) close(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.wakeAll()
		r.closed, r.err = true, err
	}
}
