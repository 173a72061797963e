package sse

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

func (b *binder) readJSON(message protoreflect.Message, text []byte, errs *bindError) {
	err := b.unmarshal.Unmarshal(text, message.Interface())
	if err == nil {
		return
	}
	var value any
	if unmarshalJSON(text, &value) != nil {
		errs.add("", "the body is not JSON")
		return
	}
	if !b.findJSONError(message.Type(), value, "", errs) {
		errs.add("", "%s", strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: "))
	}
}

// findJSONError reports the field of a message whose JSON is wrong; false if it finds none.
func (b *binder) findJSONError(message protoreflect.MessageType, value any, path string, errs *bindError) bool {
	values, ok := value.(map[string]any)
	if !ok {
		errs.add(path, "%s is not a %s", describeJSON(value), message.Descriptor().FullName())
		return true
	}
	for _, name := range sortedKeys(values) {
		fields := message.Descriptor().Fields()
		field := fields.ByJSONName(name)
		if field == nil {
			field = fields.ByTextName(name)
		}
		one := marshalJSON(map[string]any{name: values[name]})
		if field == nil || b.unmarshal.Unmarshal(one, message.New().Interface()) == nil {
			continue
		}
		b.describeField(message.New(), field, values[name], joinPath(path, field.TextName()), errs)
		return true
	}
	return false
}

// describeField reports what is wrong in the JSON of a field.
func (b *binder) describeField(holder protoreflect.Message, field protoreflect.FieldDescriptor, value any, path string, errs *bindError) {
	list, isList := value.([]any)
	entries, isObject := value.(map[string]any)
	switch {
	case field.IsMap() && !isObject:
		errs.add(path, "%s is not an object", describeJSON(value))
	case field.IsMap():
		for _, key := range sortedKeys(entries) {
			one := marshalJSON(map[string]any{field.JSONName(): map[string]any{key: entries[key]}})
			if b.unmarshal.Unmarshal(one, holder.New().Interface()) == nil {
				continue
			}
			entry := fmt.Sprintf("%s[%q]", path, key)
			if _, ok := parseScalar(field.MapKey().Kind(), key); !ok {
				errs.add(entry, "the key is not %s", expectedScalar(field.MapKey().Kind()))
				return
			}
			b.describeValue(field.MapValue(), func() protoreflect.MessageType {
				return holder.NewField(field).Map().NewValue().Message().Type()
			}, entries[key], entry, errs)
			return
		}
	case field.IsList() && !isList:
		errs.add(path, "%s is not a list", describeJSON(value))
	case field.IsList():
		for i, item := range list {
			one := marshalJSON(map[string]any{field.JSONName(): []any{item}})
			if b.unmarshal.Unmarshal(one, holder.New().Interface()) == nil {
				continue
			}
			b.describeValue(field, func() protoreflect.MessageType {
				return holder.NewField(field).List().NewElement().Message().Type()
			}, item, fmt.Sprintf("%s[%d]", path, i), errs)
			return
		}
	default:
		b.describeValue(field, func() protoreflect.MessageType { return holder.NewField(field).Message().Type() }, value, path, errs)
	}
}

// describeValue reports what is wrong in the JSON of a value of a field.
func (b *binder) describeValue(field protoreflect.FieldDescriptor, message func() protoreflect.MessageType, value any, path string, errs *bindError) {
	if field.Message() != nil && !isTextMessage(field.Message()) {
		if !b.findJSONError(message(), value, path, errs) {
			errs.add(path, "%s is not a %s", describeJSON(value), field.Message().FullName())
		}
		return
	}
	errs.add(path, "%s is not %s", describeJSON(value), expectedText(field))
}

func describeJSON(value any) string {
	switch value := value.(type) {
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	case string:
		return quoted(value)
	case nil:
		return "null"
	default:
		return textOf(value)
	}
}
