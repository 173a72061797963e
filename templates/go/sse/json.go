package sse

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// unmarshalJSON reads JSON, and keeps the text of numbers.
func unmarshalJSON(text []byte, to *any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(to); err != nil {
		return err
	}
	if decoder.More() {
		return errors.New("more than one JSON value")
	}
	return nil
}

// marshalJSON writes JSON that was read before.
func marshalJSON(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return bytes.TrimRight(b.Bytes(), "\n")
}

// marshalField returns the JSON of one field, also if it has its zero value.
func marshalField(m protoreflect.Message, field protoreflect.FieldDescriptor, marshal protojson.MarshalOptions) (json.RawMessage, error) {
	alone := m.New()
	if m.Has(field) {
		alone.Set(field, m.Get(field))
	} else {
		marshal.EmitUnpopulated = true
	}
	marshal.Multiline, marshal.Indent = false, ""
	text, err := marshal.Marshal(alone.Interface())
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	name := field.JSONName()
	if marshal.UseProtoNames {
		name = field.TextName()
	}
	if fields[name] == nil {
		return json.RawMessage("null"), nil
	}
	return fields[name], nil
}

// readFields returns the fields of a JSON object; nil for other JSON.
func readFields(body []byte) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields)
	return fields
}

// textOf returns the text of a scalar of ProtoJSON.
func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		if value {
			return "true"
		}
		return "false"
	}
	return ""
}

func sortedKeys(values map[string]any) []string {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
