package sse

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// onMark handles what is no event.
func (c *streamCore) onMark(found token) {
	switch found.kind {
	case tokenID:
		id := found.event.ID
		if id == "" {
			id = c.connection.beginning
		}
		if id != c.position {
			c.failures.progress()
		}
		c.position = id
		c.commit() // nothing was taken since the last event
	case tokenRetry:
		c.retry = &found.retry
	case tokenComment:
		// Until an event brings one, this is the cursor: what is published while the stream
		// reconnects is not lost.
		if c.position == "" && c.connection.beginning != "" {
			c.position = c.connection.beginning
			c.commit()
		}
		if c.options.onComment != nil {
			c.options.onComment(strings.TrimPrefix(found.text, " "))
		}
		if found.text == "" {
			c.failures.heartbeat()
		} else if found.text == "end" && c.connection.promisesEnd {
			c.ended = true
		}
	}
}

// onEvent returns the message of an event; nil for one that is skipped.
func (c *streamCore) onEvent(event RawEvent) (proto.Message, error) {
	if c.rule.TerminalData != "" && string(event.Data) == c.rule.TerminalData {
		c.ended = true
		return nil, nil
	}
	message, err := c.decode(event)
	if err != nil {
		return nil, err
	}
	c.failures.progress()
	c.unidentified = !event.OwnID || event.ID == ""
	c.position = event.ID
	if event.ID == "" {
		c.position = c.connection.beginning
	}
	if c.connection.format == formatSSE {
		if rule := c.rule.event(event.Event); rule != nil && rule.Terminal {
			c.ended = true
		}
	}
	if message == nil {
		c.commit()
		return nil, nil
	}
	c.meta = Meta{Name: event.Event, ID: event.ID, OwnID: event.OwnID, Retry: event.Retry, Attempt: c.attempt}
	return message, nil
}

// event returns the member of the oneof with a name; nil if there is none.
func (r *StreamRule) event(name string) *EventRule {
	for i := range r.Events {
		if r.Events[i].Name == name {
			return &r.Events[i]
		}
	}
	return nil
}

// decode returns the message of an event; nil for one that is skipped.
func (c *streamCore) decode(event RawEvent) (proto.Message, error) {
	if event.Event == c.rule.errorEvent() || hasField(event.Data, c.options.errorField) {
		return nil, c.options.readFailure(event.Data, c.connection.response, true)
	}
	isLine := c.connection.format == formatJSONLines
	rule := c.rule.event(event.Event)
	if !isLine && c.rule.Events != nil && rule == nil {
		if c.options.onUnknownEvent != nil {
			c.options.onUnknownEvent(event)
		}
		if c.options.unknownFail {
			return nil, decodeError(event, errors.New("the method declares no such event"))
		}
		return nil, nil
	}
	message := c.response.New().Interface()
	var err error
	if isLine || rule == nil {
		err = c.options.unmarshal.Unmarshal(event.Data, message)
	} else {
		err = c.decodeMember(event, rule, message.ProtoReflect())
	}
	if err == nil && c.options.validate != nil {
		err = c.options.validate(message)
	}
	if err != nil {
		if c.options.skipInvalid && !isOfValidator(err) {
			return nil, nil
		}
		return nil, decodeError(event, err)
	}
	if c.connection.onEvent != nil {
		return c.connection.onEvent(message)
	}
	return message, nil
}

// decodeMember reads a member of a oneof of events, and the id of the event.
func (c *streamCore) decodeMember(event RawEvent, rule *EventRule, message protoreflect.Message) error {
	fields := message.Descriptor().Fields()
	field := fields.ByJSONName(rule.Field)
	if field.Message() != nil {
		member := message.Mutable(field).Message().Interface()
		if err := c.options.unmarshal.Unmarshal(event.Data, member); err != nil {
			return err
		}
	} else if err := c.options.mergeField(message, rule.Field, event.Data); err != nil {
		return err
	}
	if c.rule.ID != "" && event.OwnID && event.ID != "" {
		// The JSON of numbers may be text.
		text := []byte(strconv.Quote(event.ID))
		if fields.ByJSONName(c.rule.ID).Kind() == protoreflect.BoolKind {
			text = []byte(event.ID)
		}
		return c.options.mergeField(message, c.rule.ID, text)
	}
	return nil
}

// mergeField reads the JSON of one field.
func (o *options) mergeField(message protoreflect.Message, name string, text []byte) error {
	if !json.Valid(text) {
		return errors.New("not JSON")
	}
	part := message.Type().New().Interface()
	whole := append(append([]byte(`{"`+name+`":`), text...), '}')
	if err := o.unmarshal.Unmarshal(whole, part); err != nil {
		return err
	}
	proto.Merge(message.Interface(), part)
	return nil
}

func decodeError(event RawEvent, err error) error {
	return &DecodeError{Event: event.Event, ID: event.ID, Data: append([]byte(nil), event.Data...), Err: err}
}

// hasField says whether data is a JSON object that has a value for a field.
func hasField(data []byte, name string) bool {
	if name == "" {
		return false
	}
	value, ok := readFields(data)[name]
	return ok && string(value) != "null"
}
