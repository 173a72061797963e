package sse

import "time"

// Method is how HTTP carries a method of a service. Generated code contains it. The plugin made
// every decision in it; the runtime only follows them.
type Method struct {
	// Name is the full name: market.v1.MarketService.WatchTrades.
	Name string
	// Bindings has the binding of the method first, then its additional_bindings.
	Bindings []Binding
	// Stream is nil for a unary method.
	Stream *StreamRule
	// Headers are checked by servers before the request is read.
	Headers []HeaderRule
}

// Binding is an HTTP method and path of a method, and where the fields of its request travel.
type Binding struct {
	// Method is the HTTP method: GET.
	Method string
	// Path is a template in the grammar of google/api/http.proto: /v1/{name=shelves/*}:read.
	Path string
	// Variables are those of Path, in its order.
	Variables []Variable
	// Body is "*" if all fields that are not in the path are the body, the JSON name of the field
	// that is the body, or empty.
	Body string
	// BodyRequired says that the empty message is not valid: a request without a body is rejected.
	BodyRequired bool
	// ResponseBody is the JSON name of the response field that is the body; empty for the message.
	ResponseBody string
	// RawBody says that the body is a google.api.HttpBody: its bytes travel as they are.
	RawBody bool
	// RawResponse says that the response body is a google.api.HttpBody.
	RawResponse bool
	// Query has what the names of the fields do not say about the query parameters: by full name of
	// the message, then by JSON name of the field. The request itself is at "".
	Query map[string]map[string]QueryField
}

// Variable is a variable of a path.
type Variable struct {
	// Field is the path of the field in the request, as JSON names.
	Field []string
	// Implicit is the text of the zero value: "0", "false", the first name of an enum. Empty for
	// text, which a path cannot have empty, and for fields with presence.
	Implicit string
}

// QueryField is a field of a message in a query string.
type QueryField struct {
	// Name is used instead of the JSON name.
	Name string
	// Required says that a server rejects requests without the parameter.
	Required bool
	// Implicit is the text of the zero value of a required field without presence.
	Implicit string
	// Map says that the field is a map of scalars: name[key]=value for each entry.
	Map bool
	// Message is the entry of Query for the message of the field.
	Message string
}

// StreamRule is how the response message becomes events.
type StreamRule struct {
	// Resumable says that servers accept Last-Event-ID, and clients reconnect.
	Resumable bool
	// ID is the JSON name of the field that is the id of an event.
	ID string
	// Events are the members of a oneof of events, in order. Nil for one kind of event, which is
	// the whole message.
	Events []EventRule
	// EventName is the name of the events of a stream with one kind of message.
	EventName string
	// TerminalData is the data of the event that ends the stream: [DONE].
	TerminalData string
	// ErrorEvent is the name of the event that reports a failure. Default: error.
	ErrorEvent string
	// Heartbeat is the longest time without data; zero for no heartbeat. Nil for 15 seconds.
	Heartbeat *time.Duration
	// Retry is sent as retry: at the beginning of a stream. Nil for none.
	Retry *time.Duration
}

// EventRule is a member of a oneof of events.
type EventRule struct {
	// Name is the event's name on the wire.
	Name string
	// Field is the JSON name of the member.
	Field string
	// Terminal says that the stream ends after this event.
	Terminal bool
}

// HeaderRule is a request header that a method declares.
type HeaderRule struct {
	Name string
	// Type is integer, number or boolean; empty for text.
	Type string
	// Format is a format of the OpenAPI format registry: uuid, date-time.
	Format   string
	Required bool
}

// Milliseconds returns a pointer to a duration, for the tables of generated code.
func Milliseconds(n int64) *time.Duration {
	d := time.Duration(n) * time.Millisecond
	return &d
}

// errorEvent returns the name of the event that reports a failure.
func (r *StreamRule) errorEvent() string {
	if r.ErrorEvent == "" {
		return "error"
	}
	return r.ErrorEvent
}
