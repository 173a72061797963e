package sse

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxParameters is more than a URL has: servers take 8 to 64 KiB of it.
const maxParameters = 10_000

// maxDepth is how deep messages nest in a query.
const maxDepth = 100

const twice = "is given twice"

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
