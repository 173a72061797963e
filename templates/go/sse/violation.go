package sse

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// violation is a field of a request that is not valid, for a google.rpc.BadRequest. The field is a
// path of proto names, the name of a parameter, or empty for the whole request.
type violation struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

// bindError is a request that does not match its message: 400, with what is wrong with each field.
type bindError struct{ violations []violation }

func (e *bindError) Error() string {
	texts := make([]string, len(e.violations))
	for i, v := range e.violations {
		texts[i] = v.Description
		if v.Field != "" {
			texts[i] = v.Field + ": " + v.Description
		}
	}
	return strings.Join(texts, "; ")
}

// enough is how many violations are reported. More would not help the sender.
const enough = 16

func (e *bindError) add(field, format string, args ...any) {
	if len(e.violations) < enough {
		e.violations = append(e.violations, violation{field, fmt.Sprintf(format, args...)})
	}
}

// violationsDetail returns the JSON of a google.rpc.BadRequest. The package of its Go type would be a
// dependency.
func violationsDetail(violations []violation) string {
	return string(marshalJSON(map[string]any{
		"@type":           "type.googleapis.com/google.rpc.BadRequest",
		"fieldViolations": violations,
	}))
}

// violationsOf returns what a validator found wrong, as a bindError. The error of protovalidate has
// a method ToProto, whose message lists the violations; it is called by reflection, as the package
// would be a dependency. Any other error is one violation of the whole request.
func violationsOf(err error) error {
	errs := &bindError{}
	if method := reflect.ValueOf(err).MethodByName("ToProto"); method.IsValid() && method.Type().NumIn() == 0 && method.Type().NumOut() == 1 {
		if message, ok := method.Call(nil)[0].Interface().(proto.Message); ok {
			addViolations(errs, message.ProtoReflect())
		}
	}
	if len(errs.violations) == 0 {
		errs.add("", "%s", err.Error())
	}
	return errs
}

// isOfValidator says whether an error of a validator is about itself, and not about the message: protovalidate
// fails so where rules cannot be compiled or run.
func isOfValidator(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		kind := reflect.TypeOf(err)
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		isFailure := kind.Name() == "CompilationError" || kind.Name() == "RuntimeError"
		if isFailure && strings.Contains(kind.PkgPath(), "protovalidate") {
			return true
		}
	}
	return false
}

// addViolations reads a buf.validate.Violations.
func addViolations(errs *bindError, message protoreflect.Message) {
	list := message.Descriptor().Fields().ByName("violations")
	if list == nil || !list.IsList() || list.Message() == nil {
		return
	}
	violations := message.Get(list).List()
	for i := range violations.Len() {
		each := violations.Get(i).Message()
		text := textField(each, "message")
		if text == "" {
			text = textField(each, "rule_id")
		}
		errs.add(fieldPath(each), "%s", text)
	}
}

// textField returns a field of text; empty for a message that has none.
func textField(message protoreflect.Message, name protoreflect.Name) string {
	if field := message.Descriptor().Fields().ByName(name); field != nil && field.Kind() == protoreflect.StringKind {
		return message.Get(field).String()
	}
	return ""
}

// fieldPath returns the path of a buf.validate.Violation: book.tags[2], labels["env"].
func fieldPath(violation protoreflect.Message) string {
	field := violation.Descriptor().Fields().ByName("field")
	if field == nil || field.Message() == nil || field.Message().Fields().ByName("elements") == nil {
		return ""
	}
	path := violation.Get(field).Message()
	elements := path.Get(path.Descriptor().Fields().ByName("elements")).List()
	var text strings.Builder
	for i := range elements.Len() {
		element := elements.Get(i).Message()
		if i > 0 {
			text.WriteByte('.')
		}
		text.WriteString(textField(element, "field_name"))
		oneof := element.Descriptor().Oneofs().ByName("subscript")
		if oneof == nil || element.WhichOneof(oneof) == nil {
			continue
		}
		switch key := element.Get(element.WhichOneof(oneof)).Interface().(type) {
		case string:
			fmt.Fprintf(&text, "[%q]", key)
		default:
			fmt.Fprintf(&text, "[%v]", key)
		}
	}
	return text.String()
}
