package sse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
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

// serverCall is a call of a handler.
type serverCall struct {
	handler *Handler
	request *http.Request
	method  *Method
	writer  http.ResponseWriter
	// header is what the handler of the method sets; mu guards whether it still may.
	header   http.Header
	mu       sync.Mutex
	headSent bool
	ctx      context.Context
	cancel   context.CancelCauseFunc
	start    time.Time
	result   CallResult
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := &serverCall{handler: h, request: r, writer: w, header: http.Header{}, start: time.Now()}
	found, variables, allow := h.router.match(r.Method, requestPath(r))
	if found != nil {
		call.method = found.handler.method
	}
	info := call.info()
	for _, hook := range h.options.onStart {
		hook(info)
	}
	defer func() {
		call.result.Duration = time.Since(call.start)
		for _, hook := range h.options.onEnd {
			hook(info, call.result)
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

func (c *serverCall) info() CallInfo { return CallInfo{Request: c.request, Method: c.method} }

// serve answers a request of a method.
func (c *serverCall) serve(e *endpoint, variables []string) {
	base := context.WithValue(context.WithoutCancel(c.request.Context()), callKey{}, c)
	c.ctx, c.cancel = context.WithCancelCause(base)
	defer c.cancel(context.Canceled)
	stop := context.AfterFunc(c.request.Context(), func() {
		cause := context.Cause(c.request.Context())
		if cause == context.Canceled { // as net/http does it
			cause = ErrClientGone
		}
		c.cancel(cause)
	})
	defer stop()
	limit := c.handler.options.unaryTimeout
	if c.method.Stream != nil {
		limit = c.handler.options.maxDuration
	}
	var release context.CancelFunc
	if limit > 0 {
		c.ctx, release = context.WithTimeout(c.ctx, limit)
		defer release()
	}
	// A middleware may have limited the time of the request.
	if deadline, ok := c.request.Context().Deadline(); ok {
		c.ctx, release = context.WithDeadline(c.ctx, deadline)
		defer release()
	}
	if !c.handler.begin(c) {
		c.fail(ErrShutdown, "")
		return
	}
	defer c.handler.end(c)
	call, encoder, err := c.read(e, variables)
	if err != nil {
		vary := ""
		if e.encoders != nil {
			vary = "Accept"
		}
		c.fail(err, vary)
	} else if encoder != nil {
		c.serveStream(e, call, encoder)
	} else {
		c.serveUnary(e, call)
	}
}

// read reads a request.
func (c *serverCall) read(e *endpoint, variables []string) (*Call, eventEncoder, error) {
	r := c.request
	offer := ""
	if len(e.offers) > 0 {
		if offer = negotiate(strings.Join(r.Header.Values("Accept"), ","), e.offers); offer == "" {
			return nil, nil, httpError(406, "not acceptable: this method answers with %s", strings.Join(e.offers, ", ")).
				withHeader("Vary", "Accept")
		}
	}
	if err := checkHeaders(r.Header, c.method.Headers); err != nil {
		return nil, nil, err
	}
	lastEventID := ""
	var err error
	if e.encoders != nil {
		if lastEventID, err = readLastEventID(r, e.idField); err != nil {
			return nil, nil, err
		}
	}
	var body []byte
	contentType := ""
	if e.binder.binding.Body != "" {
		// A body that does not arrive must not keep a call that was cancelled.
		stop := context.AfterFunc(c.ctx, func() {
			_ = http.NewResponseController(c.writer).SetReadDeadline(time.Now())
		})
		defer stop()
		if body, err = readContent(c.ctx, r, e.binder.binding.RawBody, c.handler.options.maxBodyBytes); err != nil {
			return nil, nil, err
		}
		if e.binder.binding.RawBody {
			contentType = r.Header.Get("Content-Type")
		}
	}
	message, err := e.binder.bind(variables, r.URL.RawQuery, body, contentType)
	if err != nil {
		return nil, nil, err
	}
	call := &Call{
		Method: c.method, Message: message, Header: r.Header, ResponseHeader: c.header,
		LastEventID: lastEventID, Attempt: 1,
	}
	return call, e.encoders[offer], nil
}

// checked says what the validator found wrong.
func (c *serverCall) checked(message proto.Message) error {
	validate := c.handler.options.validate
	if validate == nil {
		return nil
	}
	if err := validate(message); err != nil {
		return violationsOf(err)
	}
	return nil
}

// serveUnary answers with one message.
func (c *serverCall) serveUnary(e *endpoint, call *Call) {
	run := interceptUnary(c.handler.options.interceptors, func(ctx context.Context, call *Call) (proto.Message, error) {
		if err := c.checked(call.Message); err != nil {
			return nil, err
		}
		return e.handler.unary(ctx, call.Message)
	})
	message, err := c.runUnary(call, run)
	if err != nil {
		c.fail(err, "")
		return
	}
	media, body, err := c.unaryBody(e.binder.binding, message)
	if err != nil {
		c.fail(err, "")
		return
	}
	c.respond(http.StatusOK, media, body)
}

// runUnary runs a handler. With a limit of time it does not wait for one that ignores its context.
func (c *serverCall) runUnary(call *Call, run UnaryFunc) (proto.Message, error) {
	var message proto.Message
	handle := func() error {
		return c.recovering(func() (err error) {
			message, err = run(c.ctx, call)
			return err
		})
	}
	if c.handler.options.unaryTimeout == 0 {
		err := handle()
		return message, err
	}
	done := make(chan struct{})
	err := errGoexit
	go func() {
		defer close(done)
		err = handle()
	}()
	select {
	case <-done:
		return message, err
	case <-c.ctx.Done():
		go c.awaitHandler(done)
		c.dropHeader()
		return nil, context.Cause(c.ctx)
	}
}

// awaitHandler reports a handler that still runs some time after its context has ended.
func (c *serverCall) awaitHandler(done <-chan struct{}) {
	timer := time.NewTimer(c.handler.options.leakAfter)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		if hook := c.handler.options.leakHook; hook != nil {
			hook(c.info())
		}
	}
}

// panicError is a panic of a handler.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// abortError is a panic with http.ErrAbortHandler, which goes on in the goroutine of net/http.
type abortError struct{ error }

// recovering runs a function, and turns a panic into an error.
func (c *serverCall) recovering(run func() error) (err error) {
	defer func() {
		switch value := recover(); {
		case value == nil:
		case value == http.ErrAbortHandler:
			err = abortError{http.ErrAbortHandler}
		default:
			err = &panicError{value, debug.Stack()}
		}
	}()
	return run()
}

// unaryBody returns the body of an answer.
func (c *serverCall) unaryBody(binding *Binding, message proto.Message) (media string, body []byte, err error) {
	m := message.ProtoReflect()
	if binding.ResponseBody != "" {
		field := m.Descriptor().Fields().ByJSONName(binding.ResponseBody)
		if !binding.RawResponse {
			text, err := marshalField(m, field, c.handler.options.marshal)
			return "application/json", text, err
		}
		m = m.Get(field).Message()
	}
	if binding.RawResponse {
		fields := m.Descriptor().Fields()
		media = m.Get(fields.ByNumber(1)).String()
		if media == "" {
			media = "application/octet-stream"
		}
		return media, m.Get(fields.ByNumber(2)).Bytes(), nil
	}
	body, err = c.handler.options.marshal.Marshal(message)
	return "application/json", body, err
}

// reserved are headers that only the runtime sets: the first four break HTTP/2, and a handler does
// not know the length or the coding of a body that it did not write.
var reserved = []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Content-Length", "Content-Encoding"}

// dropHeader leaves out the headers that the handler has set. It is for a handler that still runs
// and may set more, which must not change what is being sent.
func (c *serverCall) dropHeader() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headSent, c.header = true, http.Header{}
}

// writeHead sends the head of the response, with the headers that the handler has set.
func (c *serverCall) writeHead(status int, set map[string]string) {
	c.mu.Lock()
	c.headSent = true
	header := c.writer.Header()
	for name, values := range c.header {
		if name == "Vary" {
			addVary(header, values...)
		} else {
			header[name] = slices.Clone(values)
		}
	}
	c.mu.Unlock()
	for _, name := range reserved {
		header.Del(name)
	}
	for name, value := range set {
		if name == "Vary" {
			addVary(header, value)
		} else {
			header.Set(name, value)
		}
	}
	c.result.Status = status
	c.writer.WriteHeader(status)
}

// addVary adds to the Vary of middleware.
func addVary(header http.Header, values ...string) {
	for _, value := range values {
		if value != "" && !slices.Contains(header.Values("Vary"), value) {
			header.Add("Vary", value)
		}
	}
}

func (c *serverCall) respond(status int, media string, body []byte) {
	c.writeHead(status, map[string]string{"Content-Type": media, "Content-Length": strconv.Itoa(len(body))})
	n, _ := c.writer.Write(body)
	c.result.Bytes += int64(n)
}

// fail answers with an error before the head of a response.
func (c *serverCall) fail(err error, vary string) {
	var abort abortError
	if errors.As(err, &abort) {
		panic(http.ErrAbortHandler)
	}
	e := c.describe(err)
	status := e.Status
	if status < 400 || status > 599 {
		status = e.Code.HTTPStatus()
	}
	c.mu.Lock()
	// Caches may keep a 404 or 410 by default (RFC 9110, section 15.1).
	c.header.Set("Cache-Control", "no-store")
	for name, values := range e.Header {
		c.header[http.CanonicalHeaderKey(name)] = values
	}
	c.mu.Unlock()
	body := appendStatus(nil, e, c.handler.options.marshal)
	c.writeHead(status, map[string]string{
		"Content-Type": "application/json", "Content-Length": strconv.Itoa(len(body)), "Vary": vary,
	})
	n, _ := c.writer.Write(body)
	c.result.Bytes += int64(n)
}

// describe says how an error is reported to the client. What is hidden goes to the hook.
func (c *serverCall) describe(err error) *Error {
	c.result.Err = err
	e := c.known(err)
	if e == nil {
		if hook := c.handler.options.errorHook; hook != nil {
			hook(err, c.info())
		}
		e = Errorf(Internal, "internal error")
	}
	if e.Code <= OK || int(e.Code) >= len(codes) {
		e = &Error{Code: Unknown, Message: e.Message, Details: e.Details, Header: e.Header, Status: e.Status}
	}
	c.result.Code = e.Code
	return e
}

// known returns the error that a client may see; nil for others.
func (c *serverCall) known(err error) *Error {
	var e *Error
	var bind *bindError
	var call *StreamError
	switch {
	case errors.As(err, &bind):
		return &Error{Code: InvalidArgument, Message: bind.Error(), RawDetails: [][]byte{[]byte(violationsDetail(bind.violations))}}
	case errors.As(err, &call): // what another server answered is not for the clients of this one
	case errors.As(err, &e):
		return e
	}
	if mapper := c.handler.options.errorMapper; mapper != nil {
		if e := mapper(err); e != nil {
			return e
		}
	}
	// A handler that was stopped returns the cause of its context, or what that led to.
	if c.ctx != nil && c.ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		err = context.Cause(c.ctx)
	}
	switch {
	case errors.Is(err, ErrShutdown):
		return Errorf(Unavailable, "the server is shutting down").withHeader("Retry-After", "1")
	case errors.Is(err, context.DeadlineExceeded) && c.ctx != nil && context.Cause(c.ctx) == context.DeadlineExceeded:
		return Errorf(DeadlineExceeded, "the call reached its time limit")
	case errors.Is(err, ErrClientGone):
		return Errorf(Canceled, "the client closed the connection")
	case errors.Is(err, ErrSlowConsumer):
		return Errorf(ResourceExhausted, "the client does not read")
	}
	return nil
}
