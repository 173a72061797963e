package sse

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ClientOption is an option of a client. Options of calls may be given to a client too: they are
// the defaults of its calls.
type ClientOption interface{ applyToClient(*options) }

// StreamOption is an option of a stream.
type StreamOption interface {
	ClientOption
	applyToStream(*options)
}

// CallOption is an option of any call.
type CallOption interface {
	StreamOption
	applyToCall(*options)
}

type (
	clientOption func(*options)
	streamOption func(*options)
	callOption   func(*options)
)

func (f clientOption) applyToClient(o *options) { f(o) }
func (f streamOption) applyToClient(o *options) { f(o) }
func (f streamOption) applyToStream(o *options) { f(o) }
func (f callOption) applyToClient(o *options)   { f(o) }
func (f callOption) applyToStream(o *options)   { f(o) }
func (f callOption) applyToCall(o *options)     { f(o) }

// Doer sends HTTP requests. *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// options are those of a client and of one call.
type options struct {
	common
	doer       Doer
	headers    func(ctx context.Context) (http.Header, error)
	readError  func(body []byte, response *http.Response) *Error
	errorField string

	header     http.Header
	query      []queryParameter
	onResponse func(*http.Response)
	retry      RetryPolicy

	connectTimeout time.Duration
	idleTimeout    *time.Duration
	lastEventID    string
	reconnect      *ReconnectPolicy
	noReconnect    bool
	onReconnect    func(Reconnection)
	onComment      func(string)
	onUnknownEvent func(RawEvent)
	maxEventBytes  int
	unknownFail    bool
	skipInvalid    bool
	requireEnd     bool
	jsonLines      bool
}

type queryParameter struct{ name, value string }

// clone returns a copy that can be changed.
func (o *options) clone() *options {
	c := *o
	c.header = o.header.Clone()
	if c.header == nil {
		c.header = http.Header{}
	}
	c.query = append([]queryParameter(nil), o.query...)
	return &c
}

// WithHTTPClient sends requests with another client than http.DefaultClient. The Timeout of an
// http.Client would cut streams: use the context of a call, or ConnectTimeout.
func WithHTTPClient(doer Doer) ClientOption {
	if client, ok := doer.(*http.Client); ok && client.Timeout != 0 {
		panic(fmt.Sprintf("sse: the http.Client has Timeout %v, which would cut every stream: "+
			"set a deadline in the context of calls, or sse.ConnectTimeout", client.Timeout))
	}
	return clientOption(func(o *options) { o.doer = doer })
}

// WithHeaders calls a function for the headers of every attempt: for tokens that expire.
func WithHeaders(headers func(ctx context.Context) (http.Header, error)) ClientOption {
	return clientOption(func(o *options) { o.headers = headers })
}

// WithReadError reads the errors of a server that sends no google.rpc.Status: the body of an HTTP
// error, or the data of an error event. What it leaves empty, or nil, is read as without it.
func WithReadError(read func(body []byte, response *http.Response) *Error) ClientOption {
	return clientOption(func(o *options) { o.readError = read })
}

// WithErrorField names the field by which a server reports a failure inside a stream, in an event
// without the name of an error event: "error" for {"error": {"message": "overloaded"}}.
func WithErrorField(name string) ClientOption {
	return clientOption(func(o *options) { o.errorField = name })
}

// Header sets a header of the request.
func Header(name, value string) CallOption {
	return callOption(func(o *options) { o.header.Set(name, value) })
}

// Query adds a query parameter to those of the request, or replaces one that an earlier Query set.
func Query(name, value string) CallOption {
	return callOption(func(o *options) {
		for i := range o.query {
			if o.query[i].name == name {
				o.query[i].value = value
				return
			}
		}
		o.query = append(o.query, queryParameter{name, value})
	})
}

// OnResponse calls a function with every response when its head arrives, errors included. It must
// not read the body.
func OnResponse(f func(*http.Response)) CallOption {
	return callOption(func(o *options) { o.onResponse = f })
}

// RetryPolicy is how often to repeat a call, and how long to wait before.
type RetryPolicy struct {
	// MaxAttempts is the number of further requests.
	MaxAttempts int
	// InitialDelay is the delay before the second request. It doubles each time. Default: 1 s.
	InitialDelay time.Duration
	// MaxDelay is the longest delay. Default: 30 s.
	MaxDelay time.Duration
	// MaxRetryAfter is the longest Retry-After to wait for. Default: 5 min.
	MaxRetryAfter time.Duration
}

// Retry repeats unary calls after status 408, 425, 429, 502, 503 or 504 and after a network error,
// if the HTTP method is idempotent or the request has an Idempotency-Key. Streams ignore it; they
// have Reconnect. Default: never.
func Retry(policy RetryPolicy) CallOption {
	return callOption(func(o *options) { o.retry = policy })
}

// LastEventID begins a stream after an event.
func LastEventID(id string) StreamOption {
	return streamOption(func(o *options) { o.lastEventID = id })
}

// ConnectTimeout limits the time until the head of each response. Default: no limit.
func ConnectTimeout(d time.Duration) StreamOption {
	return streamOption(func(o *options) { o.connectTimeout = d })
}

// IdleTimeout limits the time without data. Any byte counts. It counts only while Next waits: a
// slow caller does not cause it. Zero is no limit. Default: 2.5 times the heartbeat that the server
// promised.
func IdleTimeout(d time.Duration) StreamOption {
	return streamOption(func(o *options) { o.idleTimeout = &d })
}

// ReconnectPolicy is how to reconnect. MaxAttempts counts requests in a row that bring neither an
// event nor a heartbeat; zero stands for 10, and a negative number for none.
type ReconnectPolicy struct {
	RetryPolicy
	// AfterEnd reconnects after the body ends normally, as EventSource does: for feeds that never
	// end, of servers that do not mark the end.
	AfterEnd bool
	// ShouldReconnect decides in place of the built-in rule, which is: after a lost, cut or silent
	// connection, and after status 408, 425, 429 or 5xx except 501. It is not called for errors of the caller's
	// own functions. Return next.Default to leave an error to the rule.
	ShouldReconnect func(ctx context.Context, err error, next Reconnection) bool
}

// Reconnection is the next attempt of a stream.
type Reconnection struct {
	// Attempt is 2 for the first reconnection.
	Attempt int
	// Delay is the time until then; zero in ShouldReconnect.
	Delay time.Duration
	// Default is what the built-in rule decides.
	Default bool
	// LastEventID is the cursor.
	LastEventID string
	// Err is the reason.
	Err error
}

// Reconnect reconnects also where a stream would not do so by itself: if the method is not
// resumable, or the last event had no id.
func Reconnect(policy ReconnectPolicy) StreamOption {
	return streamOption(func(o *options) { o.reconnect, o.noReconnect = &policy, false })
}

// NoReconnect never reconnects.
func NoReconnect() StreamOption {
	return streamOption(func(o *options) { o.reconnect, o.noReconnect = nil, true })
}

// OnReconnect calls a function before each wait for a reconnection.
func OnReconnect(f func(Reconnection)) StreamOption {
	return streamOption(func(o *options) { o.onReconnect = f })
}

// OnComment calls a function with each comment, in order with the events. Heartbeats and control
// frames are comments.
func OnComment(f func(comment string)) StreamOption {
	return streamOption(func(o *options) { o.onComment = f })
}

// MaxEventBytes limits the data of an event, or a line of JSON Lines. Default: 16 MiB.
func MaxEventBytes(n int) StreamOption {
	return streamOption(func(o *options) { o.maxEventBytes = n })
}

// OnUnknownEvent calls a function with each event whose name the oneof of events does not declare.
// Such an event is skipped unless UnknownEventsFail is set.
func OnUnknownEvent(f func(RawEvent)) StreamOption {
	return streamOption(func(o *options) { o.onUnknownEvent = f })
}

// UnknownEventsFail fails with a DecodeError for an event whose name the oneof does not declare.
func UnknownEventsFail() StreamOption {
	return streamOption(func(o *options) { o.unknownFail = true })
}

// SkipInvalidEvents skips events that are not the declared message, or that the validator refuses.
func SkipInvalidEvents() StreamOption {
	return streamOption(func(o *options) { o.skipInvalid = true })
}

// RequireEnd fails with ErrTruncated if the body ends without the end of the stream: for servers
// that always send a terminal event. Default: whether the server promised to mark the end.
func RequireEnd() StreamOption {
	return streamOption(func(o *options) { o.requireEnd = true })
}

// JSONLines asks for JSON Lines instead of Server-Sent Events.
func JSONLines() StreamOption {
	return streamOption(func(o *options) { o.jsonLines = true })
}

// Headers sets the headers that a method declares. Generated code calls it, with text, numbers,
// bools, pointers to them and lists of text. Empty text, nil and empty lists are left out.
func Headers(values map[string]any) CallOption {
	return callOption(func(o *options) {
		for name, value := range values {
			if text := headerText(value); text != "" {
				o.header.Set(name, text)
			}
		}
	})
}

func headerText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []string:
		return strings.Join(value, ", ")
	case *int64:
		if value != nil {
			return strconv.FormatInt(*value, 10)
		}
	case *float64:
		if value != nil {
			return strconv.FormatFloat(*value, 'g', -1, 64)
		}
	case *bool:
		if value != nil {
			return strconv.FormatBool(*value)
		}
	}
	return ""
}
