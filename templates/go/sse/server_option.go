package sse

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// HandlerOption is an option of a Handler.
type HandlerOption interface{ applyToHandler(*handlerOptions) }

type handlerOption func(*handlerOptions)

func (f handlerOption) applyToHandler(o *handlerOptions) { f(o) }

// CommonOption is an option of clients and of handlers.
type CommonOption interface {
	ClientOption
	HandlerOption
}

// common are the options of clients and of handlers.
type common struct {
	interceptors []Interceptor
	validate     func(proto.Message) error
	unmarshal    protojson.UnmarshalOptions
}

type commonOption func(*common)

func (f commonOption) applyToClient(o *options)         { f(&o.common) }
func (f commonOption) applyToHandler(o *handlerOptions) { f(&o.common) }

// WithInterceptors wraps all calls. The first interceptor is the outermost.
func WithInterceptors(interceptors ...Interceptor) CommonOption {
	return commonOption(func(o *common) { o.interceptors = append(o.interceptors, interceptors...) })
}

// WithValidator checks messages: on a client requests before they are sent, and responses and events
// before they are returned; on a server requests before their handler is called, which are answered
// with 400 and what the error says, or with the Error that it is. The Validate of a protovalidate.Validator
// fits; where its rules cannot be run, the error is masked.
func WithValidator(validate func(proto.Message) error) CommonOption {
	return commonOption(func(o *common) { o.validate = validate })
}

// WithUnmarshalOptions sets how JSON is read: its Resolver finds the types of google.protobuf.Any,
// and extensions. Unknown fields are ignored in any case: the other side may be newer.
func WithUnmarshalOptions(unmarshal protojson.UnmarshalOptions) CommonOption {
	unmarshal.DiscardUnknown = true
	return commonOption(func(o *common) { o.unmarshal = unmarshal })
}

// handlerOptions are those of a Handler.
type handlerOptions struct {
	common
	services      []Service
	marshal       protojson.MarshalOptions
	errorHook     func(error, CallInfo)
	errorMapper   func(error) *Error
	leakHook      func(CallInfo)
	leakAfter     time.Duration
	onStart       []func(CallInfo)
	onEnd         []func(CallInfo, CallResult)
	maxBodyBytes  int64
	rejectUnknown bool
	heartbeat     time.Duration
	commitWindow  time.Duration
	slowConsumer  time.Duration
	unaryTimeout  time.Duration
	maxDuration   time.Duration
}

func defaultHandlerOptions() handlerOptions {
	return handlerOptions{
		common:       common{unmarshal: protojson.UnmarshalOptions{DiscardUnknown: true}},
		errorHook:    logError,
		leakAfter:    5 * time.Second,
		maxBodyBytes: 4 << 20,
		heartbeat:    15 * time.Second,
		commitWindow: 25 * time.Millisecond,
	}
}

// logError leaves a trace of an error that is hidden from the client.
func logError(err error, info CallInfo) {
	slog.Error("sse: internal error", "method", info.name(), "error", err)
}

// CallInfo is a call of a server.
type CallInfo struct {
	Request *http.Request
	// Method is nil if no method matches the request.
	Method *Method
}

func (i CallInfo) name() string {
	if i.Method == nil {
		return ""
	}
	return i.Method.Name
}

// CallResult is how a call has ended.
type CallResult struct {
	// Status is the HTTP status of the response.
	Status int
	// Code is OK, or that of the error, including an error after the head of a stream.
	Code Code
	// Err is what the call failed with, before it was masked; the reason if it was cancelled.
	Err error
	// Duration is the time from the request to the end of the response.
	Duration time.Duration
	// FirstEvent is the time to the first event of a stream; zero if there was none.
	FirstEvent time.Duration
	// Events counts those of the handler.
	Events int
	// Bytes counts those of the body that were written.
	Bytes int64
	// Terminal says whether a terminal event was sent.
	Terminal bool
}

// The reasons why the context of a handler ends, as context.Cause gives them. The limit of time of
// a call is context.DeadlineExceeded.
var (
	ErrClientGone   = errors.New("the client closed the connection")
	ErrShutdown     = errors.New("the server is shutting down")
	ErrSlowConsumer = errors.New("the client does not read")
)

// WithService adds a service.
func WithService(service Service) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.services = append(o.services, service) })
}

// WithErrorHook is called with every error that is hidden from the client. Default: slog.Error. As with all
// hooks, a panic of it is logged with slog.Error, and disturbs no call.
func WithErrorHook(hook func(error, CallInfo)) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.errorHook = hook })
}

// WithErrorMapper translates the errors of an application. For nil, the error is handled as without
// the mapper. It is not called for an *Error of a handler.
func WithErrorMapper(mapper func(error) *Error) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.errorMapper = mapper })
}

// WithLeakHook is called when a handler still runs 5 seconds after its context has ended.
func WithLeakHook(hook func(CallInfo)) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.leakHook = hook })
}

// WithCallHooks calls start for every request after it was routed, and end when its response is
// written: for logs and metrics. Requests that are refused count too. Either may be nil.
func WithCallHooks(start func(CallInfo), end func(CallInfo, CallResult)) HandlerOption {
	return handlerOption(func(o *handlerOptions) {
		if start != nil {
			o.onStart = append(o.onStart, start)
		}
		if end != nil {
			o.onEnd = append(o.onEnd, end)
		}
	})
}

// WithStreamHooks is WithCallHooks for streams alone.
func WithStreamHooks(open func(CallInfo), close func(CallInfo, CallResult)) HandlerOption {
	isStream := func(info CallInfo) bool { return info.Method != nil && info.Method.Stream != nil }
	return WithCallHooks(
		func(info CallInfo) {
			if open != nil && isStream(info) {
				open(info)
			}
		},
		func(info CallInfo, result CallResult) {
			if close != nil && isStream(info) {
				close(info, result)
			}
		},
	)
}

// WithMaxBodyBytes limits the bodies of requests. Default: 4 MiB.
func WithMaxBodyBytes(n int64) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.maxBodyBytes = n })
}

// UnknownQuery is what to do with query parameters that no field has.
type UnknownQuery bool

// The values of UnknownQuery.
const (
	Ignore UnknownQuery = false
	Reject UnknownQuery = true
)

// WithUnknownQuery ignores unknown query parameters, or answers 400. Default: Ignore.
func WithUnknownQuery(unknown UnknownQuery) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.rejectUnknown = bool(unknown) })
}

// WithHeartbeat sets the heartbeat of streams whose method sets none; zero for no heartbeat.
// Default: 15 seconds.
func WithHeartbeat(interval time.Duration) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.heartbeat = interval })
}

// WithCommitWindow sets how long the head of a stream waits for the first event. An error within
// this time is an HTTP status. Default: 25 ms.
func WithCommitWindow(window time.Duration) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.commitWindow = window })
}

// WithSlowConsumer ends a stream whose client takes longer than limit to read what was written. It does not
// apply to unary calls: WriteTimeout of http.Server limits those. Default: no limit.
func WithSlowConsumer(limit time.Duration) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.slowConsumer = limit })
}

// WithUnaryTimeout limits the time of unary calls. Then the response is 504 with code 4, and the
// context of the handler ends. Default: no limit.
func WithUnaryTimeout(limit time.Duration) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.unaryTimeout = limit })
}

// WithMaxDuration limits the time of streams, which then end with code 4. Default: no limit.
func WithMaxDuration(limit time.Duration) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.maxDuration = limit })
}

// WithMarshalOptions sets how JSON is written. An event is one line, so Multiline is ignored.
func WithMarshalOptions(marshal protojson.MarshalOptions) HandlerOption {
	marshal.Multiline, marshal.Indent = false, ""
	return handlerOption(func(o *handlerOptions) { o.marshal = marshal })
}

type callKey struct{}

// RequestFrom returns the HTTP request of a handler's context; nil for another context.
func RequestFrom(ctx context.Context) *http.Request {
	if call, ok := ctx.Value(callKey{}).(*serverCall); ok {
		return call.request
	}
	return nil
}
