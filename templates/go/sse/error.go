package sse

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Error is a failure that a server reports: the status of an HTTP error, or an event that ends a
// stream. A handler returns one to choose what the client gets; every other error is masked, also a
// *StreamError, which is what a client of another server fails with.
type Error struct {
	Code    Code
	Message string
	// Details are messages of any type. A client leaves out those whose type is not linked into
	// the program; RawDetails has them all.
	Details []*anypb.Any

	// Status replaces the status of the code in a response of a server. Of a client: the
	// status of the response, 200 if an event of a stream reported the failure.
	Status int
	// Header is added to the response of a server. Of a client: the header of the response.
	Header http.Header
	// Body is what a client received, at most 64 KiB of it.
	Body []byte
	// RawDetails are the details that a client received, as ProtoJSON of google.protobuf.Any.
	RawDetails [][]byte
	// InBody says that an event of a stream reported the failure.
	InBody bool
}

// Errorf returns an Error for a handler. It formats like fmt.Errorf, without %w.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error describes the failure. It uses the beginning of the body if that has no message.
func (e *Error) Error() string {
	message := e.Message
	if message == "" {
		message = excerpt(e.Body)
	}
	if e.Status > 0 && !e.InBody {
		return fmt.Sprintf("%v (HTTP %d): %s", e.Code, e.Status, message)
	}
	return fmt.Sprintf("%v: %s", e.Code, message)
}

// WithDetail adds a message to the details, and returns the error. It panics if the message cannot
// be encoded, which only text that is not UTF-8 causes.
func (e *Error) WithDetail(message proto.Message) *Error {
	detail, err := anypb.New(message)
	if err != nil {
		panic(err)
	}
	e.Details = append(e.Details, detail)
	return e
}

// FindDetail returns the first detail of a type, and whether there is one.
//
//	if violation, ok := sse.FindDetail[*errdetails.BadRequest](err); ok {
func FindDetail[T proto.Message](err error) (T, bool) {
	var zero T
	var status *Error
	if !errors.As(err, &status) {
		return zero, false
	}
	name := zero.ProtoReflect().Descriptor().FullName()
	for _, detail := range status.Details {
		if detail.MessageName() == name {
			message := zero.ProtoReflect().New().Interface()
			if detail.UnmarshalTo(message) == nil {
				return message.(T), true
			}
		}
	}
	return zero, false
}

// markup matches the tags and the white space of an error page.
var markup = regexp.MustCompile(`(<[^>]*>|\s)+`)

// excerpt returns the beginning of a body on one line, without tags: a proxy answers with HTML.
func excerpt(body []byte) string {
	text := strings.TrimSpace(markup.ReplaceAllString(string(body[:min(len(body), 1024)]), " "))
	return strings.ToValidUTF8(text[:min(len(text), 200)], "")
}

// Phase is how far a call had come when it failed.
type Phase string

// The phases of a call.
const (
	// PhaseOpen lasts until the head of a response was accepted.
	PhaseOpen Phase = "open"
	// PhaseBody is while the body is read.
	PhaseBody Phase = "body"
)

// StreamError says where a call of a client failed. Every error of a client is in one, except
// those of the caller's context.
type StreamError struct {
	// Method is the full name of the method.
	Method string
	Phase  Phase
	// LastEventID is the id of the last event that the caller had finished with.
	LastEventID string
	// Attempt counts the requests of the call. The first one is 1.
	Attempt int
	// Err is the failure itself.
	Err error
}

func (e *StreamError) Error() string { return e.Method + ": " + e.Err.Error() }

// Unwrap returns the failure itself.
func (e *StreamError) Unwrap() error { return e.Err }

// RequestError is a request that was not sent: the URL cannot have one of its values, or the
// validator refused it.
type RequestError struct{ Err error }

func (e *RequestError) Error() string { return "request not sent: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *RequestError) Unwrap() error { return e.Err }

// NetworkError is a connection that could not be made, or was lost.
type NetworkError struct{ Err error }

func (e *NetworkError) Error() string { return "the connection failed: " + e.Err.Error() }

// Unwrap returns the error of the transport.
func (e *NetworkError) Unwrap() error { return e.Err }

// TimeoutKind is the limit that was exceeded.
type TimeoutKind string

// The limits of a call.
const (
	// ConnectTimeoutKind is the time until the head of a response.
	ConnectTimeoutKind TimeoutKind = "connect"
	// IdleTimeoutKind is the time without any data of an open stream.
	IdleTimeoutKind TimeoutKind = "idle"
)

// TimeoutError is a server that did not answer, or fell silent. The deadline of a call is that of
// its context, and context.DeadlineExceeded.
type TimeoutError struct {
	Kind  TimeoutKind
	After time.Duration
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("%s timeout after %v", e.Kind, e.After) }

// Timeout returns true, as net.Error has it.
func (e *TimeoutError) Timeout() bool { return true }

// ErrTruncated is a body that ended before the stream did: the server or a proxy closed the
// connection too early.
var ErrTruncated = errors.New("the body ended before the stream did")

// ErrEventTooLarge is an event, or a line of JSON Lines, over the limit of MaxEventBytes.
var ErrEventTooLarge = errors.New("an event is larger than MaxEventBytes")

// ContentTypeError is a successful response of another content type than the method has.
type ContentTypeError struct {
	Want string
	// Got is the Content-Type of the response; empty without one.
	Got    string
	Status int
	Header http.Header
	// Body is the beginning of the body.
	Body []byte
}

func (e *ContentTypeError) Error() string {
	got := "no content type"
	if e.Got != "" {
		got = fmt.Sprintf("%q", e.Got)
	}
	text := fmt.Sprintf("expected %s, got %s", e.Want, got)
	if e.Status != http.StatusOK {
		text += fmt.Sprintf(" with status %d", e.Status)
	}
	if body := excerpt(e.Body); body != "" {
		text += ": " + body
	}
	return text
}

// DecodeError is a response or an event that is not the declared message, or that the validator
// refused.
type DecodeError struct {
	// Event and ID are those of the event; empty for a unary response.
	Event string
	ID    string
	// Data is what was received.
	Data []byte
	Err  error
}

func (e *DecodeError) Error() string {
	if e.Event == "" {
		return "cannot read the response: " + e.Err.Error()
	}
	return fmt.Sprintf("cannot read event %q: %v", e.Event, e.Err)
}

// Unwrap returns the reason.
func (e *DecodeError) Unwrap() error { return e.Err }

// ReconnectError is a stream that could not be resumed: all attempts failed.
type ReconnectError struct {
	// Errs are the last errors since the last progress, in order: at most ten.
	Errs []error
	// Failures counts them all.
	Failures int
}

func (e *ReconnectError) Error() string {
	requests := "requests"
	if e.Failures == 2 {
		requests = "request"
	}
	return fmt.Sprintf("gave up after %d further %s: %v", e.Failures-1, requests, e.Errs[len(e.Errs)-1])
}

// Unwrap returns all errors.
func (e *ReconnectError) Unwrap() []error { return e.Errs }
