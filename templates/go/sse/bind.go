package sse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// binder reads the requests of one binding, each leaf from one place: the variables of the path,
// then the body, then the query. A field that the path binds is not looked for in the query, and
// the value of the body for it is not used. Two members of one oneof are refused.
type binder struct {
	binding   *Binding
	message   protoreflect.MessageType
	variables []boundVariable
	query     *queryScope
	// reserved is a query parameter that is known though no field has it.
	reserved      string
	rejectUnknown bool
	unmarshal     protojson.UnmarshalOptions
}

type boundVariable struct {
	// fields are those on the way to the value, outermost first.
	fields []protoreflect.FieldDescriptor
	multi  bool
}

func newBinder(binding *Binding, message protoreflect.MessageType) (*binder, error) {
	b := &binder{binding: binding, message: message}
	spans := parsePathTemplate(binding.Path).variables
	for i, variable := range binding.Variables {
		fields, err := fieldsOf(message.Descriptor(), variable.Field)
		if err != nil || i >= len(spans) {
			return nil, fmt.Errorf("%q has no variable %q of %s: generate the code again",
				binding.Path, strings.Join(variable.Field, "."), message.Descriptor().FullName())
		}
		b.variables = append(b.variables, boundVariable{fields, spans[i].multi})
	}
	if b.binding.Body != "" && b.binding.Body != "*" && b.bodyField() == nil {
		return nil, fmt.Errorf("%s has no field %q: generate the code again", message.Descriptor().FullName(), binding.Body)
	}
	if binding.Body != "*" {
		b.query = newQueryScope(message.Descriptor(), binding)
	}
	return b, nil
}

func fieldsOf(message protoreflect.MessageDescriptor, names []string) (fields []protoreflect.FieldDescriptor, err error) {
	for _, name := range names {
		if message == nil || message.Fields().ByJSONName(name) == nil {
			return nil, fmt.Errorf("no field %q", name)
		}
		field := message.Fields().ByJSONName(name)
		fields = append(fields, field)
		message = field.Message()
	}
	return fields, nil
}

func (b *binder) bodyField() protoreflect.FieldDescriptor {
	return b.message.Descriptor().Fields().ByJSONName(b.binding.Body)
}

// bind makes the message of a request. It fails with a *bindError, which is a 400.
func (b *binder) bind(variables []string, rawQuery string, body []byte, contentType string) (proto.Message, error) {
	errs := &bindError{}
	if b.binding.BodyRequired && len(body) == 0 {
		errs.add("", "the request has no body")
		return nil, errs
	}
	message := b.message.New()
	b.readBody(message, body, contentType, errs)
	if len(errs.violations) > 0 {
		return nil, errs
	}
	for i, variable := range b.variables {
		setVariable(message, variable, variables[i], errs)
	}
	b.bindQuery(message, rawQuery, errs)
	if len(errs.violations) > 0 {
		return nil, errs
	}
	return message.Interface(), nil
}

// readBody sets the message, or a field of it, from the body. An empty body is no body.
func (b *binder) readBody(message protoreflect.Message, body []byte, contentType string, errs *bindError) {
	field := b.bodyField()
	switch {
	case b.binding.Body == "":
	case b.binding.RawBody && b.binding.Body == "*":
		setHTTPBody(message, body, contentType)
	case b.binding.RawBody:
		if len(body) > 0 || contentType != "" {
			setHTTPBody(message.Mutable(field).Message(), body, contentType)
		}
	case len(body) == 0:
	case !utf8.Valid(body):
		errs.add("", "the body is not UTF-8")
	case !json.Valid(body): // or it could set more than its field
		errs.add("", "the body is not JSON")
	default:
		if field != nil && b.binding.Body != "*" {
			body = bytes.Join([][]byte{[]byte(`{"` + field.JSONName() + `":`), body, []byte("}")}, nil)
		}
		b.readJSON(message, body, errs)
	}
}

// setHTTPBody sets a google.api.HttpBody: content_type is its field 1, data its field 2.
func setHTTPBody(message protoreflect.Message, body []byte, contentType string) {
	fields := message.Descriptor().Fields()
	message.Set(fields.ByNumber(1), protoreflect.ValueOfString(contentType))
	message.Set(fields.ByNumber(2), protoreflect.ValueOfBytes(body))
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func setVariable(message protoreflect.Message, variable boundVariable, raw string, errs *bindError) {
	path := ""
	last := len(variable.fields) - 1
	for i, field := range variable.fields {
		path = joinPath(path, field.TextName())
		if i == last {
			break
		}
		if !canSet(message, field, path, errs) {
			return
		}
		message = message.Mutable(field).Message()
	}
	text, err := decodeVariable(raw, variable.multi)
	if err != nil || !utf8.ValidString(text) {
		errs.add(path, "%s is not percent-encoded UTF-8", quoted(raw))
		return
	}
	setText(message, variable.fields[last], text, path, errs)
}

// canSet says whether a field can be set: no other member of its oneof is set.
func canSet(message protoreflect.Message, field protoreflect.FieldDescriptor, path string, errs *bindError) bool {
	oneof := field.ContainingOneof()
	if oneof == nil || oneof.IsSynthetic() {
		return true
	}
	other := message.WhichOneof(oneof)
	if other == nil || other == field {
		return true
	}
	errs.add(path, "is set beside %q of the same oneof: leave one of them out", other.TextName())
	return false
}

// setText sets a field that holds one value from its text in a path or a query.
func setText(message protoreflect.Message, field protoreflect.FieldDescriptor, text, path string, errs *bindError) {
	if field.Message() != nil {
		value := message.NewField(field)
		if !parseMessage(value.Message(), text) {
			errs.add(path, "%s", notAValue(field, text))
		} else if canSet(message, field, path, errs) {
			message.Set(field, value)
		}
		return
	}
	value, ok := parseValue(field, text)
	if !ok {
		errs.add(path, "%s", notAValue(field, text))
	} else if canSet(message, field, path, errs) {
		message.Set(field, value)
	}
}
