package sse

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// boundRequest is the parts of an HTTP request that a message fills.
type boundRequest struct {
	binding *Binding
	// path has the query too. It starts with a slash, and follows the base URL.
	path        string
	contentType string
	body        []byte
}

// bindRequest splits a message into path, query and body, by the first binding that can carry all
// of it, so that the server reads the same message. If no binding can, the error is that of the
// first one.
func bindRequest(method *Method, message proto.Message, marshal protojson.MarshalOptions) (*boundRequest, error) {
	text, err := marshal.Marshal(message)
	if err != nil {
		return nil, err
	}
	var first error
	for i := range method.Bindings {
		bound, err := bind(&method.Bindings[i], message.ProtoReflect().Descriptor(), text)
		if err == nil {
			return bound, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func bind(binding *Binding, message protoreflect.MessageDescriptor, text []byte) (*boundRequest, error) {
	bound := &boundRequest{binding: binding}
	var request, rest any
	for _, to := range []*any{&request, &rest} {
		if err := unmarshalJSON(text, to); err != nil {
			return nil, err
		}
	}
	path, err := expandPath(binding, request, &rest)
	if err != nil {
		return nil, err
	}
	switch {
	case binding.Body == "*" && len(binding.Variables) == 0:
		bound.body, rest = text, nil
	case binding.Body == "*":
		bound.body, rest = marshalJSON(rest), nil
	case binding.Body != "":
		if content, ok := take(&rest, []string{binding.Body}, ""); ok {
			bound.body = marshalJSON(content)
		}
	}
	if bound.body != nil {
		bound.contentType = "application/json"
	}
	if bound.body != nil && binding.RawBody {
		if bound.contentType, bound.body, err = readHTTPBody(bound.body); err != nil {
			return nil, err
		}
	}
	q := query{tables: binding.Query}
	if fields, ok := rest.(map[string]any); ok {
		q.addFields("", fields, message, binding.Query[""])
	}
	if len(q.parameters) > 0 {
		path += "?" + strings.Join(q.parameters, "&")
	}
	bound.path = path
	return bound, q.err
}

// readHTTPBody returns the content of a google.api.HttpBody from its JSON.
func readHTTPBody(text []byte) (contentType string, body []byte, err error) {
	var content struct {
		ContentType string
		Data        []byte
	}
	err = json.Unmarshal(text, &content)
	if content.ContentType == "" {
		content.ContentType = "application/octet-stream"
	}
	if content.Data == nil {
		content.Data = []byte{}
	}
	return content.ContentType, content.Data, err
}

// expandPath fills the variables of a path, and removes their fields from rest.
func expandPath(binding *Binding, request any, rest *any) (string, error) {
	var path strings.Builder
	template := binding.Path
	for _, variable := range binding.Variables {
		before, after, _ := strings.Cut(template, "{")
		inner, after, _ := strings.Cut(after, "}")
		_, pattern, _ := strings.Cut(inner, "=")
		if pattern == "" {
			pattern = "*"
		}
		path.WriteString(before)
		// Taken from the whole request: a message with two variables may be gone from the rest
		// after the first.
		whole := request
		value, _ := take(&whole, variable.Field, variable.Implicit)
		text := ""
		if value != nil {
			text = textOf(value)
		}
		part, ok := expand(pattern, text)
		if !ok {
			return "", fmt.Errorf("%q is %q, which %q cannot hold", strings.Join(variable.Field, "."), text, binding.Path)
		}
		path.WriteString(part)
		take(rest, variable.Field, "")
		template = after
	}
	path.WriteString(template)
	return path.String(), nil
}

// take returns the value of a field, or its implicit value if its message is set. It leaves out
// the field of the message, and messages that are empty then; the message itself is not changed.
func take(message *any, field []string, implicit string) (any, bool) {
	fields, ok := (*message).(map[string]any)
	if !ok {
		return nil, false
	}
	left := make(map[string]any, len(fields))
	for name, value := range fields {
		left[name] = value
	}
	*message = left
	value, ok := left[field[0]]
	delete(left, field[0])
	if len(field) == 1 {
		if value == nil && implicit != "" {
			return implicit, true
		}
		return value, ok
	}
	found, ok := take(&value, field[1:], implicit)
	if inner, isMessage := value.(map[string]any); isMessage && len(inner) > 0 {
		left[field[0]] = inner
	}
	return found, ok
}

// expand returns the text of a variable in the path; false if it does not match its pattern, or if
// a URL would change it.
func expand(pattern, text string) (string, bool) {
	literals := strings.Split(pattern, "/")
	multi := len(literals) > 1 || pattern == "**"
	parts := []string{text}
	if multi {
		parts = strings.Split(text, "/")
	}
	if i := slices.Index(literals, "**"); i >= 0 {
		stars := max(len(parts)-len(literals)+1, 0)
		literals = slices.Concat(literals[:i], slices.Repeat([]string{"*"}, stars), literals[i+1:])
	}
	if len(literals) != len(parts) {
		return "", false
	}
	for i, part := range parts {
		if literals[i] == "*" {
			// URLs drop the dots (WHATWG URL, 4.4), and proxies merge slashes.
			if part == "" || part == "." || part == ".." {
				return "", false
			}
			parts[i] = escape(part)
		} else {
			if literal, err := decodeVariable(literals[i], multi); err != nil || literal != part {
				return "", false
			}
			parts[i] = literals[i]
		}
	}
	return strings.Join(parts, "/"), true
}

// query collects query parameters.
type query struct {
	tables     map[string]map[string]QueryField
	parameters []string
	err        error
}

// addFields adds the fields of a message, those with a value by number.
func (q *query) addFields(prefix string, values map[string]any, message protoreflect.MessageDescriptor, table map[string]QueryField) {
	fields := fieldsByNumber(message)
	for _, field := range fields {
		rule := table[field.JSONName()]
		if rule.Required && !field.HasPresence() && !field.IsList() && !field.IsMap() && values[field.JSONName()] == nil {
			q.add(prefix+rule.nameOr(field.JSONName()), rule.Implicit)
		}
	}
	for _, field := range fields {
		value, ok := values[field.JSONName()]
		if !ok || value == nil {
			continue
		}
		rule := table[field.JSONName()]
		name := prefix + rule.nameOr(field.JSONName())
		switch value := value.(type) {
		case []any:
			for _, item := range value {
				q.addValue(name, item)
			}
		case map[string]any:
			switch {
			case rule.Map:
				for _, key := range sortedKeys(value) {
					q.addValue(name+"["+key+"]", value[key])
				}
			case len(value) == 0:
				q.fail(name, "is an empty message")
			default:
				q.addFields(name+".", value, field.Message(), q.tables[rule.tableName()])
			}
		default:
			q.addValue(name, value)
		}
	}
}

func (r QueryField) nameOr(name string) string {
	if r.Name != "" {
		return r.Name
	}
	return name
}

// tableName returns the key of the table of a field's message; one without a table has none.
func (r QueryField) tableName() string {
	if r.Message == "" {
		return "\x00" // "" is the request
	}
	return r.Message
}

func (q *query) addValue(name string, value any) {
	switch value.(type) {
	case map[string]any, []any:
		q.fail(name, "contains an object")
	default:
		q.add(name, textOf(value))
	}
}

func (q *query) add(name, text string) {
	q.parameters = append(q.parameters, escape(name)+"="+escape(text))
}

func (q *query) fail(name, what string) {
	if q.err == nil {
		q.err = fmt.Errorf("%q %s, which cannot be a query parameter", name, what)
	}
}

func fieldsByNumber(message protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	list := make([]protoreflect.FieldDescriptor, message.Fields().Len())
	for i := range list {
		list[i] = message.Fields().Get(i)
	}
	slices.SortFunc(list, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number() - b.Number()) })
	return list
}
