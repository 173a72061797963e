package sse

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
)

// maxUnsent is how many bytes of events wait for the writer. Then Send blocks.
const maxUnsent = 16 << 10

// errStreamEnded is what Send returns after the stream has ended.
var errStreamEnded = errors.New("the stream has ended")

// eventWriter is the body of a stream. The handler's sends encode into its buffer. One goroutine,
// which serves the request, writes what is there and flushes it: what is sent during a write leaves
// together.
type eventWriter struct {
	call        *serverCall
	encoder     eventEncoder
	onEvent     func(proto.Message) (proto.Message, error)
	lastEventID string
	// wake tells the goroutine that writes that there is something to do.
	wake chan struct{}

	mu   sync.Mutex
	room sync.Cond
	// unsent is what waits to be written; spare is the other buffer, while it is not being written.
	unsent, spare []byte
	// cursor is where a stream over an event log begins.
	cursor string
	// hasBegun says that the opening is written.
	hasBegun bool
	events   int
	// isOpen says that the head of the response is due.
	isOpen   bool
	terminal bool
	// err is what Send returns, once it is set.
	err error
}

// send adds an event.
func (w *eventWriter) send(message proto.Message, id string, hasID bool) error {
	if m := message.ProtoReflect(); !m.IsValid() {
		return fmt.Errorf("the event is nil: send a %s", m.Descriptor().FullName())
	}
	if hasID {
		if err := w.checkID(id); err != nil {
			return err
		}
	}
	if w.onEvent != nil {
		changed, err := w.onEvent(message)
		if changed == nil || err != nil {
			return err
		}
		message = changed
	}
	return w.append(func(b []byte) ([]byte, bool, error) { return w.encoder.encode(b, message, id, hasID) })
}

// append adds an event that a function encodes. It waits while too much is unsent.
func (w *eventWriter) append(encode func(b []byte) ([]byte, bool, error)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && w.call.ctx.Err() == nil && len(w.unsent) >= maxUnsent {
		w.room.Wait()
	}
	if w.err == nil && w.call.ctx.Err() != nil {
		w.err = context.Cause(w.call.ctx)
	}
	if w.err != nil {
		return w.err
	}
	b, terminal, err := encode(w.unsent)
	w.unsent = b
	if err != nil {
		return err
	}
	if w.events++; w.events == 1 {
		w.call.result.FirstEvent = time.Since(w.call.start)
	}
	w.isOpen = true
	if terminal {
		w.terminal, w.err = true, errStreamEnded
	}
	w.wakeUp()
	return nil
}

func (w *eventWriter) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// open makes the head of the response due.
func (w *eventWriter) open() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.isOpen = true
	w.wakeUp()
	return nil
}

// checkID returns an error for an id that is no value of the event_id field, or cannot stand in an
// id: line.
func (w *eventWriter) checkID(id string) error {
	if err := checkEventID(id); err != nil {
		return err
	}
	if events, ok := w.encoder.(*sseEncoder); ok && events.idField != nil {
		if _, ok := parseValue(events.idField, id); !ok {
			return errors.New("the event id " + notAValue(events.idField, id) + ", as " + string(events.idField.FullName()) + " has event_id")
		}
	}
	return nil
}

// stop makes Send fail from now on.
func (w *eventWriter) stop(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.room.Broadcast()
}

// isEmpty says whether nothing waits to be written.
func (w *eventWriter) isEmpty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.unsent) == 0
}

func (w *eventWriter) isTerminal() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.terminal
}
