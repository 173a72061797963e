package sse

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

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
