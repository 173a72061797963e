package sse

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// topicSchema is what a topic knows of its messages. It knows no method, and so no table of generated
// code: this is the only place of the runtime that reads options.
type topicSchema struct {
	message protoreflect.MessageDescriptor
	// idField is the field with event_id, if there is one.
	idField protoreflect.FieldDescriptor
	// events is the oneof with events, if there is one.
	events protoreflect.OneofDescriptor
	// canLackJSON says that a message which is valid in the binary format may have no JSON.
	canLackJSON bool
}

// The numbers of options of sse/v1/annotations.proto.
const (
	eventsOption  = 50120
	eventIDOption = 50131
)

// newTopicSchema panics if the message has no field with the JSON name idField, which may be empty.
func newTopicSchema(message protoreflect.MessageDescriptor, idField string) topicSchema {
	s := topicSchema{message: message}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if idField == field.JSONName() || idField == "" && hasFlag(field.Options(), eventIDOption) {
			s.idField = field
		}
	}
	if s.idField == nil && idField != "" {
		panic(fmt.Sprintf("sse: %s has no field %q", message.FullName(), idField))
	}
	for i := range message.Oneofs().Len() {
		if oneof := message.Oneofs().Get(i); hasFlag(oneof.Options(), eventsOption) {
			s.events = oneof
		}
	}
	types := map[protoreflect.FullName]bool{}
	collectTypes(message, types)
	// The JSON of an Any needs the registry of the server.
	s.canLackJSON = !types["google.protobuf.Any"] && (types["google.protobuf.Timestamp"] || types["google.protobuf.Duration"] ||
		types["google.protobuf.FieldMask"] || types["google.protobuf.Value"])
	return s
}

func collectTypes(message protoreflect.MessageDescriptor, types map[protoreflect.FullName]bool) {
	if types[message.FullName()] {
		return
	}
	types[message.FullName()] = true
	for i := range message.Fields().Len() {
		if of := message.Fields().Get(i).Message(); of != nil {
			collectTypes(of, types)
		}
	}
}

// hasFlag says whether an option that is a bool is true. The program may know the option or not.
func hasFlag(options proto.Message, number protowire.Number) bool {
	b, _ := proto.Marshal(options)
	for len(b) > 0 {
		got, kind, size := protowire.ConsumeTag(b)
		length := protowire.ConsumeFieldValue(got, kind, b[max(size, 0):])
		if size < 0 || length < 0 {
			return false
		}
		if got == number && b[size] == 1 {
			return true
		}
		b = b[size+length:]
	}
	return false
}

// check returns an error for what no stream could send. A publisher must learn of it, and not each
// subscriber.
func (s topicSchema) check(m proto.Message) error {
	message := m.ProtoReflect()
	if !message.IsValid() {
		return errors.New("the message is nil")
	}
	if s.events != nil && message.WhichOneof(s.events) == nil {
		return fmt.Errorf("%s without an event: set a member of its oneof %q", s.message.FullName(), s.events.Name())
	}
	if s.canLackJSON {
		_, err := protojson.Marshal(m)
		return err
	}
	return nil
}
