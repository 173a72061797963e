package sse

import (
	"encoding/base64"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// quoted returns a text of a client in quotes, shortened if it is long.
func quoted(text string) string {
	if len(text) > 60 {
		return `"` + strings.ToValidUTF8(text[:60], "") + `…"`
	}
	return `"` + strings.ToValidUTF8(text, "\ufffd") + `"`
}

// parseValue reads the text of a field in a path or a query, or of one of its values: a scalar, an
// enum, or a message whose ProtoJSON is a scalar. It returns false if the text is not one.
func parseValue(field protoreflect.FieldDescriptor, text string) (protoreflect.Value, bool) {
	switch kind := field.Kind(); kind {
	case protoreflect.EnumKind:
		return parseEnum(field.Enum(), text)
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return protoreflect.Value{}, false // see parseMessage
	default:
		return parseScalar(kind, text)
	}
}

var (
	integerText = regexp.MustCompile(`^-?[0-9]{1,400}$`)
	numberText  = regexp.MustCompile(`^-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
)

// longestNumber is more digits than a computer writes.
const longestNumber = 400

func parseScalar(kind protoreflect.Kind, text string) (value protoreflect.Value, ok bool) {
	switch kind {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text), true
	case protoreflect.BoolKind:
		switch text {
		case "true", "1":
			return protoreflect.ValueOfBool(true), true
		case "false", "0":
			return protoreflect.ValueOfBool(false), true
		}
		return value, false
	case protoreflect.BytesKind:
		bytes, ok := parseBytes(text)
		return protoreflect.ValueOfBytes(bytes), ok
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		n, ok := parseNumber(kind, text)
		if kind == protoreflect.FloatKind {
			return protoreflect.ValueOfFloat32(float32(n)), ok
		}
		return protoreflect.ValueOfFloat64(n), ok
	}
	if !integerText.MatchString(text) {
		return value, false
	}
	var err error
	var signed int64
	var unsigned uint64
	switch kind {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		signed, err = strconv.ParseInt(text, 10, 32)
		value = protoreflect.ValueOfInt32(int32(signed))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		signed, err = strconv.ParseInt(text, 10, 64)
		value = protoreflect.ValueOfInt64(signed)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		unsigned, err = parseUnsigned(text, 32)
		value = protoreflect.ValueOfUint32(uint32(unsigned))
	default:
		unsigned, err = parseUnsigned(text, 64)
		value = protoreflect.ValueOfUint64(unsigned)
	}
	return value, err == nil
}

// parseUnsigned reads an unsigned integer. -0 is 0.
func parseUnsigned(text string, bits int) (uint64, error) {
	if digits, negative := strings.CutPrefix(text, "-"); negative && strings.Trim(digits, "0") == "" {
		return 0, nil
	}
	return strconv.ParseUint(text, 10, bits)
}

func parseNumber(kind protoreflect.Kind, text string) (float64, bool) {
	switch text {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	if len(text) > longestNumber || !numberText.MatchString(text) {
		return 0, false
	}
	bits := 64
	if kind == protoreflect.FloatKind {
		bits = 32 // the largest float is written as 3.4028235e+38, which is a little larger
	}
	n, err := strconv.ParseFloat(text, bits)
	return n, err == nil
}

// parseBytes reads base64 or base64url, padded or not; never both alphabets, and no line breaks.
func parseBytes(text string) ([]byte, bool) {
	digits, padding, _ := strings.Cut(text, "=")
	if len(digits) < len(text) {
		if padding != "" && padding != "=" || len(text)%4 != 0 {
			return nil, false
		}
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(digits, "-_") {
		encoding = base64.RawURLEncoding
	}
	if strings.ContainsAny(digits, "\r\n") {
		return nil, false
	}
	bytes, err := encoding.DecodeString(digits)
	return bytes, err == nil
}

// parseEnum reads a value's name, or its number; a number without a name where the enum is open.
func parseEnum(enum protoreflect.EnumDescriptor, text string) (protoreflect.Value, bool) {
	if value := enum.Values().ByName(protoreflect.Name(text)); value != nil {
		return protoreflect.ValueOfEnum(value.Number()), true
	}
	number, ok := parseScalar(protoreflect.Int32Kind, text)
	if !ok {
		return number, false
	}
	n := protoreflect.EnumNumber(number.Int())
	return protoreflect.ValueOfEnum(n), !enum.IsClosed() || enum.Values().ByNumber(n) != nil
}

// isWrapper says whether a message is one of google/protobuf/wrappers.proto.
func isWrapper(message protoreflect.MessageDescriptor) bool {
	if message == nil || message.FullName().Parent() != "google.protobuf" {
		return false
	}
	switch message.Name() {
	case "DoubleValue", "FloatValue", "Int64Value", "UInt64Value", "Int32Value", "UInt32Value",
		"BoolValue", "StringValue", "BytesValue":
		return true
	}
	return false
}

// isTextMessage says whether a message stands in a path or a query as one text.
func isTextMessage(message protoreflect.MessageDescriptor) bool {
	if isWrapper(message) {
		return true
	}
	switch message.FullName() {
	case "google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask":
		return true
	}
	return false
}

var durationText = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,9})?s$`)

// parseMessage sets a message from its text.
func parseMessage(message protoreflect.Message, text string) bool {
	descriptor := message.Descriptor()
	if isWrapper(descriptor) {
		field := descriptor.Fields().ByNumber(1)
		value, ok := parseValue(field, text)
		if ok {
			message.Set(field, value)
		}
		return ok
	}
	switch descriptor.FullName() {
	case "google.protobuf.Timestamp":
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return false // such as the 30th of February
		}
	case "google.protobuf.Duration":
		if !durationText.MatchString(text) {
			return false
		}
	case "google.protobuf.FieldMask":
	default:
		return false
	}
	return protojson.Unmarshal(marshalJSON(text), message.Interface()) == nil
}

// notAValue describes a text that is not a value of a field: "abc" is not a number.
func notAValue(field protoreflect.FieldDescriptor, text string) string {
	return quoted(text) + " is not " + expectedText(field)
}

func expectedText(field protoreflect.FieldDescriptor) string {
	switch {
	case field.Enum() != nil:
		return "a value of " + string(field.Enum().FullName())
	case isWrapper(field.Message()):
		return expectedText(field.Message().Fields().ByNumber(1))
	case field.Message() == nil:
		return expectedScalar(field.Kind())
	}
	switch field.Message().FullName() {
	case "google.protobuf.Timestamp":
		return "a time as in 2026-01-31T09:30:00Z"
	case "google.protobuf.Duration":
		return "seconds as in 1.5s"
	case "google.protobuf.FieldMask":
		return "names of fields, as in id,displayName"
	}
	return "a text"
}

func expectedScalar(kind protoreflect.Kind) string {
	switch kind {
	case protoreflect.BoolKind:
		return `"true" or "false"`
	case protoreflect.BytesKind:
		return "base64"
	case protoreflect.FloatKind:
		return "a number of single precision"
	case protoreflect.DoubleKind:
		return "a number"
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return "an integer from -2147483648 to 2147483647"
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return "an integer from 0 to 4294967295"
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return "an integer from -9223372036854775808 to 9223372036854775807"
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return "an integer from 0 to 18446744073709551615"
	}
	return "text"
}
