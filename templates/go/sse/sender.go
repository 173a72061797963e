package sse

import (
	"iter"

	"google.golang.org/protobuf/proto"
)

// Sender sends the events of one stream. Several goroutines may use it.
type Sender[T proto.Message] struct{ w *eventWriter }

// Send sends an event. It waits while the client does not read. It returns an error if the message
// is no event of the method, and the cause of the handler's context once the stream has ended.
func (s *Sender[T]) Send(m T) error { return s.w.send(m, "", false) }

// SendID sends an event with an id, instead of the value of the event_id field. It refuses the empty
// id, ids with CR, LF or NUL, and ids that are no value of that field, since the server could not
// resume from them.
func (s *Sender[T]) SendID(id string, m T) error { return s.w.send(m, id, true) }

// SendAll sends the events of a sequence. It returns the first error of the sequence, or of Send.
func (s *Sender[T]) SendAll(seq iter.Seq2[T, error]) error {
	for m, err := range seq {
		if err == nil {
			err = s.Send(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// LastEventID returns the id of the last event that the client has finished with, when it resumes,
// and whether there is one.
func (s *Sender[T]) LastEventID() (string, bool) { return s.w.lastEventID, s.w.lastEventID != "" }

// Open sends the head of the response now. Errors are events of the stream from then on.
func (s *Sender[T]) Open() error { return s.w.open() }
