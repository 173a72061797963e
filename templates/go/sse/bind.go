package sse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxParameters is more than a URL has: servers take 8 to 64 KiB of it.
const maxParameters = 10_000

// maxDepth is how deep messages nest in a query.
const maxDepth = 100

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

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
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

// queryScope is the fields of a message that a query can set, by the names of their parameters.
type queryScope struct {
	entries []*queryEntry
	byName  map[string]*queryEntry
	// separated are names with a "." or "[" in them, such as page[size]: the longest first.
	separated []string
}

// queryEntry is a field that a query can set.
type queryEntry struct {
	field    protoreflect.FieldDescriptor
	required bool
	// inPath says that a variable of the path sets a part of the field's message.
	inPath bool
	// scope has the fields of the field's message; nil for a field without parameters of its own.
	scope func() *queryScope
	// unsupported says that the field cannot be a query parameter.
	unsupported bool
}

// isOpaque says whether the ProtoJSON of a message is any JSON, or its content a body.
func isOpaque(message protoreflect.MessageDescriptor) bool {
	switch message.FullName() {
	case "google.protobuf.Any", "google.protobuf.ListValue", "google.protobuf.Struct", "google.protobuf.Value", "google.api.HttpBody":
		return true
	}
	return false
}

// queryScopes makes the scopes of a binding. Messages recur, and a client chooses how deep: a
// message and its table have one scope, however they are reached.
type queryScopes struct {
	tables map[string]map[string]QueryField
	shared map[string]*queryScope
}

// newQueryScope returns what the query of a binding can set: the fields that its path and body
// leave.
func newQueryScope(message protoreflect.MessageDescriptor, binding *Binding) *queryScope {
	var bound [][]string
	for _, variable := range binding.Variables {
		bound = append(bound, variable.Field)
	}
	if binding.Body != "" {
		bound = append(bound, []string{binding.Body})
	}
	scopes := &queryScopes{binding.Query, map[string]*queryScope{}}
	return scopes.build(message, binding.Query[""], bound)
}

func (s *queryScopes) of(message protoreflect.MessageDescriptor, table string) *queryScope {
	key := string(message.FullName()) + " " + table
	if s.shared[key] == nil {
		s.shared[key] = s.build(message, s.tables[table], nil)
	}
	return s.shared[key]
}

func (s *queryScopes) build(message protoreflect.MessageDescriptor, table map[string]QueryField, bound [][]string) *queryScope {
	scope := &queryScope{byName: map[string]*queryEntry{}}
	var named []*queryEntry
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		var within [][]string
		isBound := false
		for _, path := range bound {
			if path[0] == field.JSONName() {
				within = append(within, path[1:])
				isBound = isBound || len(path) == 1
			}
		}
		if isBound {
			continue
		}
		rule := table[field.JSONName()]
		entry := s.entry(field, rule, within)
		scope.entries = append(scope.entries, entry)
		scope.add(rule.nameOr(field.JSONName()), entry)
		if rule.Name == "" {
			named = append(named, entry)
		}
	}
	// After all JSON names, which go before a proto name that another field has as JSON name.
	for _, entry := range named {
		scope.add(entry.field.TextName(), entry)
	}
	return scope
}

func (s *queryScopes) entry(field protoreflect.FieldDescriptor, rule QueryField, within [][]string) *queryEntry {
	entry := &queryEntry{field: field, required: rule.Required, inPath: len(within) > 0}
	message := field.Message()
	switch {
	case field.IsMap():
		entry.unsupported = field.MapValue().Message() != nil
	case message == nil || isWrapper(message):
	case field.IsList():
		entry.unsupported = !isTextMessage(message)
	case isOpaque(message):
		entry.unsupported = true
	default:
		if len(within) > 0 {
			own := s.build(message, s.tables[rule.tableName()], within)
			entry.scope = func() *queryScope { return own }
		} else {
			entry.scope = func() *queryScope { return s.of(message, rule.tableName()) }
		}
	}
	return entry
}

func (q *queryScope) add(name string, entry *queryEntry) {
	if q.byName[name] != nil {
		return
	}
	q.byName[name] = entry
	if strings.ContainsAny(name, ".[") {
		q.separated = append(q.separated, name)
		slices.SortStableFunc(q.separated, func(a, b string) int { return len(b) - len(a) })
	}
}

// find returns the field whose name begins a parameter, and the rest of the parameter.
func (q *queryScope) find(parameter string) (*queryEntry, string) {
	end := 0
	for _, name := range q.separated {
		if rest, ok := strings.CutPrefix(parameter, name); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			end = len(name)
			break
		}
	}
	if i := strings.IndexAny(parameter[end:], ".["); i >= 0 {
		end += i
	} else {
		end = len(parameter)
	}
	return q.byName[parameter[:end]], parameter[end:]
}

// queryHolder is a message that parameters set fields of. It is made with the first of them.
type queryHolder struct {
	scope *queryScope
	// path leads to the message, with a "." behind it; empty for the request.
	path     string
	assigned map[protoreflect.FieldDescriptor]bool
	nested   map[protoreflect.FieldDescriptor]*queryHolder
	make     func() protoreflect.Message
	message  protoreflect.Message
}

func newQueryHolder(scope *queryScope, path string, make func() protoreflect.Message) *queryHolder {
	return &queryHolder{
		scope: scope, path: path, make: make,
		assigned: map[protoreflect.FieldDescriptor]bool{},
		nested:   map[protoreflect.FieldDescriptor]*queryHolder{},
	}
}

// open returns nil if the field of the message cannot be set, which is then a violation.
func (h *queryHolder) open() protoreflect.Message {
	if h.message == nil {
		h.message = h.make()
	}
	return h.message
}

const twice = "is given twice"

// bindQuery sets fields from the query of a URL.
func (b *binder) bindQuery(message protoreflect.Message, rawQuery string, errs *bindError) {
	scope := b.query
	if scope == nil {
		scope = &queryScope{}
	}
	root := newQueryHolder(scope, "", func() protoreflect.Message { return message })
	count := 0
	for rest := rawQuery; rest != ""; {
		var pair string
		if pair, rest, _ = strings.Cut(rest, "&"); pair == "" {
			continue
		}
		if count++; count > maxParameters {
			errs.add("", "the query has more than %d parameters", maxParameters)
			return
		}
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		switch {
		case nameErr != nil || !utf8.ValidString(name):
			errs.add("", "the query's %s is not percent-encoded UTF-8", quoted(pair))
		case valueErr != nil || !utf8.ValidString(value):
			errs.add(name, "%s is not percent-encoded UTF-8", quoted(pair))
		default:
			known := setParameter(root, name, value, errs)
			if !known && b.rejectUnknown && name != b.reserved {
				errs.add(name, "no such parameter")
			}
		}
	}
	requireFields(root, errs)
}

// setParameter returns false if no field has the name.
func setParameter(holder *queryHolder, name, text string, errs *bindError) bool {
	for depth := 0; ; depth++ {
		entry, rest := holder.scope.find(name)
		if entry == nil {
			return false
		}
		if entry.scope == nil || !strings.HasPrefix(rest, ".") {
			setField(holder, entry, rest, text, errs)
			return true
		}
		if depth == maxDepth {
			errs.add(holder.path+entry.field.TextName(), "is nested deeper than %d messages", maxDepth)
			return true
		}
		holder = nestedIn(holder, entry, errs)
		name = rest[1:]
	}
}

func nestedIn(holder *queryHolder, entry *queryEntry, errs *bindError) *queryHolder {
	field := entry.field
	if known := holder.nested[field]; known != nil {
		return known
	}
	path := holder.path + field.TextName()
	nested := newQueryHolder(entry.scope(), path+".", func() protoreflect.Message {
		outer := holder.open()
		if holder.assigned[field] {
			errs.add(path, twice)
			return nil
		}
		if outer == nil || !canSet(outer, field, path, errs) {
			return nil
		}
		return outer.Mutable(field).Message()
	})
	holder.nested[field] = nested
	return nested
}

// setField sets a field from a parameter that has rest behind the field's name.
func setField(holder *queryHolder, entry *queryEntry, rest, text string, errs *bindError) {
	field := entry.field
	path := holder.path + field.TextName()
	if reason := whyNot(entry, rest); reason != "" {
		errs.add(path, "%s", reason)
		return
	}
	nested := holder.nested[field]
	if !field.IsList() && !field.IsMap() && (holder.assigned[field] || nested != nil && nested.message != nil) {
		errs.add(path, twice)
		return
	}
	holder.assigned[field] = true
	message := holder.open()
	switch {
	case message == nil:
	case field.IsMap():
		setEntry(message, field, rest[1:len(rest)-1], text, path, errs)
	case field.IsList() && field.Message() != nil:
		item := message.NewField(field).List().NewElement()
		if parseMessage(item.Message(), text) {
			message.Mutable(field).List().Append(item)
		} else {
			errs.add(path, "%s", notAValue(field, text))
		}
	case field.IsList():
		if item, ok := parseValue(field, text); ok {
			message.Mutable(field).List().Append(item)
		} else {
			errs.add(path, "%s", notAValue(field, text))
		}
	default:
		setText(message, field, text, path, errs)
	}
}

// whyNot says why a parameter cannot set its field; empty if it can.
func whyNot(entry *queryEntry, rest string) string {
	field := entry.field
	isIndexed := strings.HasPrefix(rest, "[") && strings.HasSuffix(rest, "]")
	switch {
	case entry.unsupported:
		return "cannot be a query parameter"
	case field.IsMap() && isIndexed:
		return ""
	case field.IsMap():
		return fmt.Sprintf("is a map: write its entries as %s[key]=value", field.TextName())
	case entry.scope != nil && !isTextMessage(field.Message()):
		return fmt.Sprintf("is a message: write its fields as %s.field=value", field.TextName())
	case rest == "", rest == ".value" && !field.IsList() && isWrapper(field.Message()):
		return ""
	}
	return "has no " + quoted(rest)
}

func setEntry(message protoreflect.Message, field protoreflect.FieldDescriptor, keyText, text, path string, errs *bindError) {
	entries := message.Mutable(field).Map()
	path = fmt.Sprintf("%s[%s]", path, quoted(keyText))
	key, ok := parseScalar(field.MapKey().Kind(), keyText)
	if !ok {
		errs.add(path, "the key is not %s", expectedScalar(field.MapKey().Kind()))
		return
	}
	value, ok := parseValue(field.MapValue(), text)
	switch {
	case entries.Has(key.MapKey()):
		errs.add(path, twice)
	case !ok:
		errs.add(path, "%s", notAValue(field.MapValue(), text))
	default:
		entries.Set(key.MapKey(), value)
	}
}

// requireFields reports the parameters that are absent. A required field of a nested message is
// required where the message is there.
func requireFields(h *queryHolder, errs *bindError) {
	for _, entry := range h.scope.entries {
		nested := h.nested[entry.field]
		isOpen := nested != nil && nested.message != nil
		if entry.required && !h.assigned[entry.field] && !isOpen {
			errs.add(h.path+entry.field.TextName(), "is required")
		}
		if isOpen {
			requireFields(nested, errs)
		} else if entry.inPath && entry.scope != nil {
			requireFields(newQueryHolder(entry.scope(), h.path+entry.field.TextName()+".", nil), errs)
		}
	}
}
