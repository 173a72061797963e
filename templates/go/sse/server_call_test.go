package sse

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
)

// The commit window, or the limit of time, may end at any moment of a handler.
func TestHeadersThatAreSetWhileTheHeadIsSent(t *testing.T) {
	for path, status := range map[string]int{"/v1/trades/A:watch": 200, "/v1/quotes/A": 504} {
		arrived := make(chan struct{})
		set := func(ctx context.Context) {
			header := ResponseHeader(ctx)
			header.Set("X-First", "1")
			for {
				select {
				case <-arrived:
					return
				default:
					header.Add("X-More", "1")
					header.Del("X-More")
				}
			}
		}
		server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
			set(ctx)
			return s.Send(trade(1))
		}, getQuote: func(ctx context.Context, _ *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
			set(ctx)
			return &marketv1.Quote{}, nil
		}}, WithCommitWindow(200*time.Millisecond), WithUnaryTimeout(200*time.Millisecond))
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		close(arrived)
		_, err = io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != status || response.Header.Get("X-First") != "1" || err != nil {
			t.Errorf("%s: %d %v, %v", path, response.StatusCode, response.Header, err)
		}
	}
}

func TestHooksThatPanicDisturbNoCall(t *testing.T) {
	var panics atomic.Int32
	fail := func() { panics.Add(1); panic("hook") }
	hold := make(chan struct{})
	defer close(hold)
	server, handler := serve(t, market{getQuote: func(_ context.Context, req *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
		if req.Symbol == "late" {
			<-hold
		}
		if req.Symbol == "bad" {
			return nil, errors.New("masked")
		}
		return &marketv1.Quote{}, nil
	}, watchTrades: func(_ context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		s.Send(trade(1))
		return errors.New("masked")
	}},
		WithCallHooks(func(CallInfo) { fail() }, func(CallInfo, CallResult) { fail() }),
		WithErrorHook(func(error, CallInfo) { fail() }), WithLeakHook(func(CallInfo) { fail() }),
		WithErrorMapper(func(error) *Error { fail(); return nil }), WithUnaryTimeout(500*time.Millisecond))
	handler.options.leakAfter = time.Millisecond
	for path, want := range map[string]string{
		"/v1/quotes/A": "{}", "/v1/quotes/bad": "internal error", "/v1/quotes/late": "time limit",
		"/v1/trades/A:watch": "internal error", "/nowhere": "no method",
	} {
		if _, text := get(t, "GET", server.URL+path, nil, ""); !strings.Contains(text, want) {
			t.Errorf("%s: %s", path, text)
		}
	}
	for range 100 { // the leak is reported after the response
		if panics.Load() >= 16 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := panics.Load(); n != 16 { // five starts, five ends, two errors, three mapped ones, a leak
		t.Errorf("%d hooks were called", n)
	}
}

// Over HTTP/2 a write that takes too long resets the stream, which looks as if the client had gone.
func TestASlowConsumerIsReportedAsOne(t *testing.T) {
	for _, isHTTP2 := range []bool{false, true} {
		results := make(chan CallResult, 1)
		causes := make(chan error, 1)
		handler := NewHandler(market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
			for s.Send(&marketv1.Trade{Symbol: strings.Repeat("A", 8000)}) == nil {
			}
			causes <- context.Cause(ctx)
			return nil
		}}.service(), WithSlowConsumer(100*time.Millisecond), WithCallHooks(nil, func(_ CallInfo, r CallResult) { results <- r }))
		server := httptest.NewUnstartedServer(handler)
		server.EnableHTTP2 = isHTTP2
		server.StartTLS()
		response, err := server.Client().Get(server.URL + "/v1/trades/A:watch")
		if err != nil {
			t.Fatal(err)
		}
		if cause := <-causes; cause != ErrSlowConsumer {
			t.Errorf("%s: the context ended with %v", response.Proto, cause)
		}
		if r := <-results; r.Err != ErrSlowConsumer || r.Code != ResourceExhausted {
			t.Errorf("%s: %+v", response.Proto, r)
		}
		_, err = io.Copy(io.Discard, response.Body)
		if err == nil {
			t.Errorf("%s: the body ended as if it were complete", response.Proto)
		}
		response.Body.Close()
		server.Close()
	}
}

// A newer client may send fields that this server does not know, whatever the resolver.
func TestUnmarshalOptionsKeepUnknownFieldsIgnored(t *testing.T) {
	server, _ := serve(t, market{ask: func(_ context.Context, req *marketv1.AskRequest, s *Sender[*marketv1.AskEvent]) error {
		return Errorf(NotFound, "%s", req.Question)
	}}, WithUnmarshalOptions(protojson.UnmarshalOptions{}))
	response, text := get(t, "POST", server.URL+"/v1/ask", http.Header{"Content-Type": {"application/json"}}, `{"question":"q","newer":1}`)
	if response.StatusCode != 404 {
		t.Errorf("%d %s", response.StatusCode, text)
	}
}

func TestADetailThatHasNoJSONIsReported(t *testing.T) {
	var mu sync.Mutex
	var reported []string
	e := Errorf(NotFound, "gone").WithDetail(&marketv1.Quote{Symbol: "A"})
	e.Details = append(e.Details, &anypb.Any{TypeUrl: "type.googleapis.com/no.such.Message", Value: []byte{8, 1}})
	server, _ := serve(t, market{getQuote: func(context.Context, *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
		return nil, e
	}, watchTrades: func(_ context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		s.Send(trade(1))
		return e
	}}, WithErrorHook(func(err error, _ CallInfo) {
		mu.Lock()
		defer mu.Unlock()
		reported = append(reported, err.Error())
	}))
	for _, path := range []string{"/v1/quotes/A", "/v1/trades/A:watch"} {
		_, text := get(t, "GET", server.URL+path, nil, "")
		if !strings.Contains(unspaced(text), `"code":5`) || !strings.Contains(text, "market.v1.Quote") || strings.Contains(text, "no.such") {
			t.Errorf("%s: %s", path, text)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(reported) != 2 || !strings.Contains(reported[1], "no.such.Message") {
		t.Errorf("reported %q", reported)
	}
}

// A handler whose client has gone may fail, panic or never return.
func TestHandlersThatGoOnAfterTheirCall(t *testing.T) {
	reported := make(chan string, 10)
	leaked := make(chan string, 10)
	started := make(chan struct{}, 1)
	release := make(chan struct{})
	defer close(release)
	server, handler := serve(t, market{getQuote: func(ctx context.Context, req *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
		started <- struct{}{}
		<-ctx.Done()
		if req.Symbol == "deaf" {
			<-release
		}
		return nil, context.Cause(ctx)
	}, watchTrades: func(ctx context.Context, req *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		s.Send(trade(1))
		started <- struct{}{}
		<-ctx.Done()
		switch time.Sleep(20 * time.Millisecond); req.Symbol {
		case "panic":
			panic("late")
		case "error":
			return errors.New("late")
		case "status":
			return Errorf(NotFound, "late")
		}
		return fmt.Errorf("stopped: %w", context.Cause(ctx))
	}}, WithLeakHook(func(info CallInfo) { leaked <- info.Request.URL.Path }),
		WithErrorHook(func(err error, _ CallInfo) { reported <- err.Error() }))
	handler.options.leakAfter = 500 * time.Millisecond
	cancelled := func(path string) {
		ctx, cancel := context.WithCancel(context.Background())
		request, _ := http.NewRequestWithContext(ctx, "GET", server.URL+path, nil)
		go func() { <-started; cancel() }()
		if response, err := http.DefaultClient.Do(request); err == nil {
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	}
	for _, path := range []string{"/v1/trades/status:watch", "/v1/trades/none:watch", "/v1/quotes/A", "/v1/trades/panic:watch", "/v1/trades/error:watch", "/v1/quotes/deaf"} {
		cancelled(path)
	}
	if path := <-leaked; path != "/v1/quotes/deaf" {
		t.Errorf("leaked %s", path)
	}
	got := []string{<-reported, <-reported}
	if slices.Sort(got); got[0] != "late" || !strings.HasPrefix(got[1], "panic: late\n") || len(reported)+len(leaked) != 0 {
		t.Errorf("reported %q, and %d more; %d more leaks", got, len(reported), len(leaked))
	}
}

// The delay of the method counts, when its server shuts down, too.
func TestADrainHandsOverWithTheDelayOfTheMethod(t *testing.T) {
	method := watchTrades
	rule := *method.Stream
	rule.Retry = Milliseconds(100_000)
	method.Stream = &rule
	started := make(chan struct{})
	handler := NewHandler(NewService("s", StreamHandler(&method, func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		s.Send(trade(1))
		close(started)
		<-ctx.Done()
		return ctx.Err()
	})))
	server := httptest.NewServer(handler)
	defer server.Close()
	go func() {
		<-started
		handler.Drain(context.Background())
	}()
	_, text := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
	if !regexp.MustCompile(`\n\nretry: ([5-9]\d{4}|1[0-4]\d{4}|150000)\n$`).MatchString(text) {
		t.Errorf("got %q", text)
	}
}

func TestAValidatorMayAnswerWithAStatus(t *testing.T) {
	server, _ := serve(t, market{}, WithValidator(func(m proto.Message) error {
		switch symbol := m.(*marketv1.GetQuoteRequest).Symbol; symbol {
		case "status":
			return fmt.Errorf("wrapped: %w", Errorf(PermissionDenied, "not yours"))
		default:
			return errors.New("the symbol is unknown")
		}
	}))
	for symbol, want := range map[string]string{"status": `"code":7,"message":"not yours"`, "A": `"code":3,"message":"the symbol is unknown"`} {
		if _, text := get(t, "GET", server.URL+"/v1/quotes/"+symbol, nil, ""); !strings.Contains(unspaced(text), want) {
			t.Errorf("%s: %s", symbol, text)
		}
	}
}

// Heartbeats do not commit: as long as there is no event, a failure is a status.
func TestAFailureBeforeTheFirstEventIsAStatusHoweverLate(t *testing.T) {
	server, _ := serve(t, market{watchTrades: func(_ context.Context, req *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		if req.Symbol == "open" {
			s.Open()
		}
		time.Sleep(60 * time.Millisecond)
		return Errorf(NotFound, "no such symbol")
	}}, WithCommitWindow(time.Hour), WithHeartbeat(5*time.Millisecond))
	if response, text := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, ""); response.StatusCode != 404 {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	response, text := get(t, "GET", server.URL+"/v1/trades/open:watch", nil, "")
	if response.StatusCode != 200 || !strings.Contains(text, ":\n") || !strings.Contains(unspaced(text), "event: error\ndata:\x00{\"code\":5,") {
		t.Errorf("%d %s", response.StatusCode, text)
	}
}

func TestALastEventIDThatIsNotUTF8(t *testing.T) {
	method := ask
	got := make(chan string, 1)
	server := httptest.NewServer(NewHandler(NewService("s", StreamHandler(&method, func(_ context.Context, _ *marketv1.AskRequest, s *Sender[*marketv1.AskEvent]) error {
		id, _ := s.LastEventID()
		got <- id
		return nil
	}))))
	defer server.Close()
	for sent, want := range map[string]string{"caf\xe9": "café", "café": "café"} {
		header := http.Header{"Content-Type": {"application/json"}, "Last-Event-Id": {sent}}
		get(t, "POST", server.URL+"/v1/ask", header, "{}")
		if id := <-got; id != want {
			t.Errorf("%q: %q", sent, id)
		}
	}
}

// compressed is a middleware that compresses, and lets the writer flush.
type compressed struct {
	http.ResponseWriter
	gzip *gzip.Writer
}

func (c *compressed) Write(b []byte) (int, error) { return c.gzip.Write(b) }

func (c *compressed) FlushError() error {
	if err := c.gzip.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

func TestAMiddlewareThatCompresses(t *testing.T) {
	hold := make(chan struct{})
	_, handler := serve(t, market{watchTrades: func(_ context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		s.Send(trade(1))
		<-hold
		return nil
	}, getQuote: func(_ context.Context, req *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
		return &marketv1.Quote{Symbol: req.Symbol}, nil
	}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		c := &compressed{w, gzip.NewWriter(w)}
		defer c.gzip.Close()
		handler.ServeHTTP(c, r)
	}))
	defer server.Close()
	// Through the default transport, which asks for gzip and decompresses.
	transport := NewTransport(server.URL)
	quote, err := CallUnary[*marketv1.Quote](context.Background(), transport, &getQuote, &marketv1.GetQuoteRequest{Symbol: "A"}, nil)
	if err != nil || quote.Symbol != "A" {
		t.Errorf("%v, %v", quote, err)
	}
	response, err := http.Get(server.URL + "/v1/trades/A:watch")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	beginning := make([]byte, len(":sse/1 heartbeat=15000 end\nid: 1\n"))
	if _, err := io.ReadFull(response.Body, beginning); err != nil || !strings.HasSuffix(string(beginning), "id: 1\n") {
		t.Errorf("got %q, %v", beginning, err)
	}
	close(hold)
	if rest, err := io.ReadAll(response.Body); err != nil || !strings.HasSuffix(string(rest), ":end\n") {
		t.Errorf("got %q, %v", rest, err)
	}
}

// buffered is a writer of a middleware that holds the body back.
type buffered struct{ http.ResponseWriter }

func TestAMiddlewareThatBuffers(t *testing.T) {
	reported := make(chan string, 2)
	_, handler := serve(t, market{watchTrades: func(_ context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		return s.Send(trade(1))
	}}, WithErrorHook(func(err error, _ CallInfo) { reported <- err.Error() }))
	for name, middleware := range map[string]http.Handler{
		"*sse.buffered":       http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(&buffered{w}, r) }),
		"*http.timeoutWriter": http.TimeoutHandler(handler, time.Minute, ""),
	} {
		server := httptest.NewServer(middleware)
		response, text := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
		if response.StatusCode != 500 || !strings.Contains(text, "internal error") {
			t.Errorf("%s: %d %s", name, response.StatusCode, text)
		}
		if got := <-reported; !strings.Contains(got, name) || !strings.Contains(got, "Unwrap") {
			t.Errorf("%s: reported %q", name, got)
		}
		server.Close()
	}
}

func TestNilIsNoEvent(t *testing.T) {
	reported := make(chan string, 1)
	server, _ := serve(t, market{watchTrades: func(_ context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		return s.Send(nil)
	}}, WithErrorHook(func(err error, _ CallInfo) { reported <- err.Error() }))
	if response, text := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, ""); response.StatusCode != 500 {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	if got := <-reported; !strings.Contains(got, "nil") || !strings.Contains(got, "market.v1.Trade") {
		t.Errorf("reported %q", got)
	}
}
