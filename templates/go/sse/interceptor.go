package sse

import (
	"context"
	"net/http"

	"google.golang.org/protobuf/proto"
)

// Interceptor wraps the calls of a client or of a server. The first one is the outermost.
//
// On a client it wraps every attempt, so also retries of a unary call and reconnections of a
// stream. On a server it runs between the binding of the request and the handler.
type Interceptor interface {
	// Unary wraps calls of methods that answer with one message.
	Unary(next UnaryFunc) UnaryFunc
	// Stream wraps calls of methods that answer with a stream.
	Stream(next StreamFunc) StreamFunc
}

// UnaryFunc is the rest of a unary call: the interceptors that follow, and the call itself.
type UnaryFunc func(ctx context.Context, call *Call) (proto.Message, error)

// StreamFunc is the rest of a stream. On a client it returns when the head of the response was
// accepted, and events follow; on a server it returns when the handler does.
type StreamFunc func(ctx context.Context, call *Call) error

// Call is a call as interceptors see it. What they change in it takes effect.
type Call struct {
	Method  *Method
	Message proto.Message
	// Header is the header of the request. On a client, what is set here is sent.
	Header http.Header
	// ResponseHeader is the header of the response: known on a client after next returned, and to
	// be set on a server before the first event.
	ResponseHeader *HeaderMap
	// LastEventID is the cursor of a stream; empty for none.
	LastEventID string
	// Attempt counts the requests of a call of a client. The first one is 1.
	Attempt int
	// OnEvent is called with each event of a stream, and returns what is used instead; nil skips
	// the event. Wrap it to count, log or change events. Nil stands for no change.
	OnEvent func(event proto.Message) (proto.Message, error)
}

// NewInterceptor returns an interceptor of two functions. One that is nil wraps nothing.
func NewInterceptor(unary func(next UnaryFunc) UnaryFunc, stream func(next StreamFunc) StreamFunc) Interceptor {
	return interceptorFuncs{unary, stream}
}

type interceptorFuncs struct {
	unary  func(next UnaryFunc) UnaryFunc
	stream func(next StreamFunc) StreamFunc
}

func (i interceptorFuncs) Unary(next UnaryFunc) UnaryFunc {
	if i.unary == nil {
		return next
	}
	return i.unary(next)
}

func (i interceptorFuncs) Stream(next StreamFunc) StreamFunc {
	if i.stream == nil {
		return next
	}
	return i.stream(next)
}

// interceptUnary wraps a function in interceptors.
func interceptUnary(interceptors []Interceptor, last UnaryFunc) UnaryFunc {
	for i := len(interceptors) - 1; i >= 0; i-- {
		last = interceptors[i].Unary(last)
	}
	return last
}

// interceptStream wraps a function in interceptors.
func interceptStream(interceptors []Interceptor, last StreamFunc) StreamFunc {
	for i := len(interceptors) - 1; i >= 0; i-- {
		last = interceptors[i].Stream(last)
	}
	return last
}
