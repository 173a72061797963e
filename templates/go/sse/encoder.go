package sse

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// eventEncoder writes the bytes of a stream in one format, for one method. It has no state of a
// stream, so all streams share it.
type eventEncoder interface {
	contentType() string
	// opening is what is sent before the first event. cursor is where a stream over an event log
	// begins; empty for others.
	opening(b []byte, cursor string) []byte
	// heartbeat is what is sent after a silence of interval; zero for never.
	heartbeat() string
	interval() time.Duration
	// encode appends an event. hasID says whether the handler gave the id. It fails, and appends
	// nothing, if the message is no event of the method.
	encode(b []byte, message proto.Message, id string, hasID bool) (out []byte, terminal bool, err error)
	// end is what ends a complete stream.
	end() string
	// failure appends what ends a failed stream, with the JSON of a google.rpc.Status.
	failure(b, status []byte) []byte
	// handover appends what ends a stream early, so that its client resumes elsewhere.
	handover(b []byte, retry time.Duration) []byte
}

// sseEncoder writes Server-Sent Events (WHATWG HTML 9.2.5).
type sseEncoder struct {
	rule     *StreamRule
	beat     time.Duration
	marshal  protojson.MarshalOptions
	promises string
	last     string
	idField  protoreflect.FieldDescriptor
	oneof    protoreflect.OneofDescriptor
	members  map[protoreflect.FieldNumber]*EventRule
}

func newSSEEncoder(message protoreflect.MessageDescriptor, rule *StreamRule, beat time.Duration, marshal protojson.MarshalOptions) (*sseEncoder, error) {
	e := &sseEncoder{rule: rule, beat: beat, marshal: marshal, last: ":end\n"}
	e.promises = ":sse/1"
	if beat > 0 {
		e.promises += " heartbeat=" + strconv.FormatInt(beat.Milliseconds(), 10)
	}
	e.promises += " end"
	if rule.TerminalData != "" {
		e.last = string(appendData(nil, rule.TerminalData)) + "\n:end\n"
	}
	for _, name := range append([]string{rule.errorEvent(), rule.EventName}, eventNames(rule)...) {
		if strings.ContainsAny(name, "\r\n\x00") {
			return nil, fmt.Errorf("event name %q has a line break or NUL: use another", name)
		}
	}
	if rule.ID != "" {
		if e.idField = message.Fields().ByJSONName(rule.ID); e.idField == nil {
			return nil, fmt.Errorf("%s has no field %q: generate the code again", message.FullName(), rule.ID)
		}
	}
	for i := range rule.Events {
		field := message.Fields().ByJSONName(rule.Events[i].Field)
		if field == nil || field.ContainingOneof() == nil {
			return nil, fmt.Errorf("%s has no event %q: generate the code again", message.FullName(), rule.Events[i].Field)
		}
		if e.members == nil {
			e.oneof, e.members = field.ContainingOneof(), map[protoreflect.FieldNumber]*EventRule{}
		}
		e.members[field.Number()] = &rule.Events[i]
	}
	return e, nil
}

func eventNames(rule *StreamRule) (names []string) {
	for _, event := range rule.Events {
		names = append(names, event.Name)
	}
	return names
}

func (e *sseEncoder) contentType() string     { return "text/event-stream" }
func (e *sseEncoder) heartbeat() string       { return ":\n" }
func (e *sseEncoder) interval() time.Duration { return e.beat }
func (e *sseEncoder) end() string             { return e.last }

// opening ends each comment with one LF: several clients dispatch an empty event at every blank
// line.
func (e *sseEncoder) opening(b []byte, cursor string) []byte {
	b = append(b, e.promises...)
	if cursor != "" {
		b = append(append(b, " cursor="...), cursor...)
	}
	b = append(b, '\n')
	if e.rule.Retry != nil {
		b = e.handover(b, *e.rule.Retry)
	}
	return b
}

func (e *sseEncoder) encode(b []byte, message proto.Message, id string, hasID bool) ([]byte, bool, error) {
	start := len(b)
	m := message.ProtoReflect()
	var event *EventRule
	var member protoreflect.FieldDescriptor
	name := e.rule.EventName
	if e.members != nil {
		if member = m.WhichOneof(e.oneof); member == nil || e.members[member.Number()] == nil {
			return b, false, fmt.Errorf("%s without an event: set a member of its oneof %q", m.Descriptor().FullName(), e.oneof.Name())
		}
		event = e.members[member.Number()]
		name = event.Name
	}
	if !hasID && e.idField != nil {
		id = eventID(m, e.idField)
	}
	if id != "" {
		if err := checkEventID(id); err != nil {
			return b, false, err
		}
		b = append(append(append(b, "id: "...), id...), '\n')
	}
	if name != "" {
		b = append(append(append(b, "event: "...), name...), '\n')
	}
	b = append(b, "data: "...)
	var err error
	switch {
	case member == nil:
		b, err = e.marshal.MarshalAppend(b, message)
	case member.Message() != nil:
		b, err = e.marshal.MarshalAppend(b, m.Get(member).Message().Interface())
	default:
		var text json.RawMessage
		text, err = marshalField(m, member, e.marshal)
		b = append(b, text...)
	}
	if err != nil {
		return b[:start], false, err
	}
	return append(b, "\n\n"...), event != nil && event.Terminal, nil
}

func (e *sseEncoder) failure(b, status []byte) []byte {
	b = append(append(append(b, "event: "...), e.rule.errorEvent()...), '\n')
	return append(appendData(b, string(status)), '\n')
}

func (e *sseEncoder) handover(b []byte, retry time.Duration) []byte {
	b = append(b, "retry: "...)
	return append(strconv.AppendInt(b, retry.Milliseconds(), 10), '\n')
}

// appendData appends the data: lines of a text. A line break of any kind begins another.
func appendData(b []byte, text string) []byte {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	for _, line := range strings.Split(text, "\n") {
		b = append(append(append(b, "data: "...), line...), '\n')
	}
	return b
}

// checkEventID returns an error for an id that cannot stand in an id: line. CR and LF would begin a
// field or event of the handler's data, and a client ignores an id with NUL (WHATWG HTML 9.2.6), so
// that it would resume from an older one.
func checkEventID(id string) error {
	if id == "" {
		return errors.New("the event id is empty, which would make a client forget its place: use Send")
	}
	if strings.ContainsAny(id, "\r\n\x00") {
		return fmt.Errorf("the event id %q has a line break or NUL: use an id without", id)
	}
	return nil
}

// eventID returns the id in a field; empty for a field that is not set. An empty id would reset the
// cursor of a client, so it means no id.
func eventID(m protoreflect.Message, field protoreflect.FieldDescriptor) string {
	if field.HasPresence() && !m.Has(field) {
		return ""
	}
	value := m.Get(field)
	if field.Enum() != nil {
		if known := field.Enum().Values().ByNumber(value.Enum()); known != nil {
			return string(known.Name())
		}
		return strconv.Itoa(int(value.Enum()))
	}
	return value.String()
}
