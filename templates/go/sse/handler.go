package sse

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Service is a service with its handlers. Generated code makes it.
type Service struct {
	name    string
	methods []MethodHandler
}

// NewService is called by generated code.
func NewService(name string, methods ...MethodHandler) Service { return Service{name, methods} }

// MethodHandler is a method with its handler.
type MethodHandler struct {
	method            *Method
	request, response protoreflect.MessageType
	unary             func(ctx context.Context, req proto.Message) (proto.Message, error)
	stream            func(ctx context.Context, req proto.Message, w *eventWriter) error
}

// UnaryHandler is called by generated code.
func UnaryHandler[Req, Res proto.Message](m *Method, handle func(context.Context, Req) (Res, error)) MethodHandler {
	var req Req
	var res Res
	return MethodHandler{
		method: m, request: req.ProtoReflect().Type(), response: res.ProtoReflect().Type(),
		unary: func(ctx context.Context, message proto.Message) (proto.Message, error) {
			req, ok := message.(Req)
			if !ok {
				return nil, fmt.Errorf("an interceptor gave a %T as the request of %s", message, m.Name)
			}
			res, err := handle(ctx, req)
			if err != nil {
				return nil, err
			}
			if !res.ProtoReflect().IsValid() {
				return nil, fmt.Errorf("the handler of %s returned nil", m.Name)
			}
			return res, nil
		},
	}
}

// StreamHandler is called by generated code.
func StreamHandler[Req, Res proto.Message](m *Method, handle func(context.Context, Req, *Sender[Res]) error) MethodHandler {
	var req Req
	var res Res
	return MethodHandler{
		method: m, request: req.ProtoReflect().Type(), response: res.ProtoReflect().Type(),
		stream: func(ctx context.Context, message proto.Message, w *eventWriter) error {
			req, ok := message.(Req)
			if !ok {
				return fmt.Errorf("an interceptor gave a %T as the request of %s", message, m.Name)
			}
			return handle(ctx, req, &Sender[Res]{w})
		},
	}
}

// Handler answers the requests of services. Middleware, CORS and compression are those of net/http.
type Handler struct {
	options handlerOptions
	router  router
	routes  []Route

	mu       sync.Mutex
	draining bool
	calls    map[*serverCall]struct{}
	idle     chan struct{} // closed when draining, and no call is left
}

// Route is an HTTP method and a path template that a handler answers.
type Route struct {
	Method   string
	Template string
	// Name is the full name of the method of the service.
	Name string
}

// endpoint is a binding of a method, and what does not depend on the request.
type endpoint struct {
	handler MethodHandler
	binder  *binder
	// offers are the content types of responses, the preferred one first.
	offers   []string
	encoders map[string]eventEncoder
	idField  protoreflect.FieldDescriptor
}

// NewHandler makes a handler of a service; WithService adds others. It panics if two methods take
// the same requests.
func NewHandler(service Service, opts ...HandlerOption) *Handler {
	h := &Handler{options: defaultHandlerOptions(), calls: map[*serverCall]struct{}{}}
	h.options.services = []Service{service}
	for _, opt := range opts {
		opt.applyToHandler(&h.options)
	}
	for _, service := range h.options.services {
		for _, method := range service.methods {
			if err := h.mount(method); err != nil {
				panic("sse: service " + service.name + ": " + err.Error())
			}
		}
	}
	return h
}

func (h *Handler) mount(method MethodHandler) error {
	var encoders map[string]eventEncoder
	var offers []string
	var idField protoreflect.FieldDescriptor
	if rule := method.method.Stream; rule != nil {
		beat := h.options.heartbeat
		if rule.Heartbeat != nil {
			beat = *rule.Heartbeat
		}
		events, err := newSSEEncoder(method.response.Descriptor(), rule, beat, h.options.marshal)
		if err != nil {
			return err
		}
		idField = events.idField
		encoders = map[string]eventEncoder{events.contentType(): events}
		offers = []string{events.contentType()}
		for _, media := range []string{jsonLinesProfile, "application/jsonl", "application/x-ndjson"} {
			encoders[media] = &jsonLinesEncoder{media, beat, rule, h.options.marshal}
			offers = append(offers, media)
		}
	}
	for i := range method.method.Bindings {
		binding := &method.method.Bindings[i]
		b, err := newBinder(binding, method.request)
		if err != nil {
			return err
		}
		b.rejectUnknown, b.unmarshal = h.options.rejectUnknown, h.options.unmarshal
		e := &endpoint{handler: method, binder: b, offers: offers, encoders: encoders, idField: idField}
		if encoders != nil {
			b.reserved = lastEventIDParameter
		} else if !binding.RawResponse {
			e.offers = []string{"application/json"}
		}
		if err := h.router.add(route{binding.Method, binding.Path, e}); err != nil {
			return err
		}
		h.routes = append(h.routes, Route{binding.Method, binding.Path, method.method.Name})
	}
	return nil
}

// Routes returns what the handler answers.
func (h *Handler) Routes() []Route { return append([]Route(nil), h.routes...) }

// Match says whether one of the methods takes a request, so that the handler can be mounted beside
// others.
func (h *Handler) Match(r *http.Request) bool {
	found, _, _ := h.router.match(r.Method, requestPath(r))
	return found != nil
}

// Drain ends the calls in flight: call it before the HTTP server is closed, or in
// http.Server.RegisterOnShutdown. New streams are refused with 503; new unary calls are answered. A
// resumable stream ends at once, without :end and with a retry: of its own, so that its client
// resumes elsewhere. Other calls may go on until ctx ends, and are cancelled then. It returns when no
// call is left, or a second after ctx has ended, with the cause of ctx.
func (h *Handler) Drain(ctx context.Context) error {
	h.mu.Lock()
	if !h.draining {
		h.draining = true
		h.idle = make(chan struct{})
		if len(h.calls) == 0 {
			h.closeIdle()
		}
	}
	idle := h.idle
	h.mu.Unlock()
	h.cancelCalls(func(c *serverCall) bool { return c.method.Stream != nil && c.method.Stream.Resumable })
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	h.cancelCalls(func(*serverCall) bool { return true })
	select {
	case <-idle:
		return nil
	case <-time.After(time.Second):
		return context.Cause(ctx)
	}
}

func (h *Handler) cancelCalls(which func(*serverCall) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for call := range h.calls {
		if which(call) {
			call.cancel(ErrShutdown)
		}
	}
}

// begin adds a call; false if the handler is draining.
func (h *Handler) begin(call *serverCall) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining && call.method.Stream != nil {
		return false
	}
	h.calls[call] = struct{}{}
	return true
}

func (h *Handler) end(call *serverCall) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.calls[call]; !ok {
		return
	}
	delete(h.calls, call)
	if h.draining && len(h.calls) == 0 {
		h.closeIdle()
	}
}

// closeIdle tells Drain that no call is left. A unary call may have begun since it was told before.
func (h *Handler) closeIdle() {
	select {
	case <-h.idle:
	default:
		close(h.idle)
	}
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := &serverCall{handler: h, request: r, writer: w, start: time.Now()}
	found, variables, allow := h.router.match(r.Method, requestPath(r))
	if found != nil {
		call.method = found.handler.method
	}
	info := call.info()
	for _, hook := range h.options.onStart {
		callHook(info, func() { hook(info) })
	}
	defer func() {
		call.result.Duration = time.Since(call.start)
		for _, hook := range h.options.onEnd {
			callHook(info, func() { hook(info, call.result) })
		}
	}()
	switch {
	case found == nil && allow == nil:
		call.fail(httpError(404, "no method has this path"), "")
	case found == nil:
		names := strings.Join(allow, ", ")
		call.fail(httpError(405, "this path takes %s", names).withHeader("Allow", names), "")
	default:
		call.serve(found, variables)
	}
}
