package sse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
)

// Many handlers return nil when their context ends. The client must still resume elsewhere.
func TestAHandlerThatReturnsNilWhenItIsStoppedHasNotCompleted(t *testing.T) {
	for range 20 {
		started := make(chan struct{}, 2)
		server, handler := serve(t, market{watchTrades: func(ctx context.Context, req *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
			if req.Symbol == "A" {
				s.Send(trade(1))
			}
			started <- struct{}{}
			<-ctx.Done()
			return nil
		}}, WithCommitWindow(time.Second))
		type answer struct {
			status int
			body   string
		}
		answers := make(chan answer, 2)
		for _, symbol := range []string{"A", "B"} {
			go func() {
				response, text := get(t, "GET", server.URL+"/v1/trades/"+symbol+":watch", http.Header{"Last-Event-Id": {"1"}}, "")
				answers <- answer{response.StatusCode, text}
			}()
		}
		<-started
		<-started
		if err := handler.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got := <-answers
			if strings.Contains(got.body, ":end") || got.status == 204 ||
				got.status == 200 && !strings.Contains(got.body, "retry: ") {
				t.Fatalf("%d %q", got.status, got.body)
			}
		}
	}
}

// Plain JSON Lines have no opening, so nothing is written before the first event.
func TestAFailureFollowsTheEventsBeforeIt(t *testing.T) {
	var pause atomic.Int64
	server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		time.Sleep(time.Millisecond + time.Duration(pause.Add(1)%40)*10*time.Microsecond)
		s.Send(trade(1))
		return Errorf(NotFound, "gone")
	}}, WithCommitWindow(time.Millisecond))
	for range 200 {
		_, text := get(t, "GET", server.URL+"/v1/trades/A:watch", http.Header{"Accept": {"application/jsonl"}}, "")
		if got := unspaced(text); !strings.HasPrefix(got, `{"sequence"`) || !strings.HasSuffix(got, "}}\n") {
			t.Fatalf("got %q", got)
		}
	}
}

// The error of another server has a status of its own, 200 for an event, and headers of its own.
func TestAnErrorOfAClientIsMasked(t *testing.T) {
	upstream, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		ResponseHeader(ctx).Set("Set-Cookie", "secret=1")
		s.Open()
		return Errorf(NotFound, "secret")
	}})
	server, _ := serve(t, market{getQuote: func(ctx context.Context, _ *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
		s := watch(t, ctx, upstream.URL, NoReconnect())
		s.Next()
		return nil, s.Err()
	}})
	response, text := get(t, "GET", server.URL+"/v1/quotes/A", nil, "")
	if response.StatusCode != 500 || strings.Contains(text, "secret") || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %s %v", response.StatusCode, text, response.Header)
	}
}

// The context of a request may have a limit of a middleware.
func TestTheDeadlineOfTheRequest(t *testing.T) {
	var deadlines atomic.Int32
	_, handler := serve(t, market{getQuote: func(ctx context.Context, _ *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
		if _, ok := ctx.Deadline(); ok {
			deadlines.Add(1)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}}, WithUnaryTimeout(time.Minute))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 30*time.Millisecond)
		defer cancel()
		handler.ServeHTTP(w, r.WithContext(ctx))
	}))
	defer server.Close()
	response, text := get(t, "GET", server.URL+"/v1/quotes/A", nil, "")
	if response.StatusCode != 504 || !strings.Contains(text, `"code":4`) || deadlines.Load() != 1 {
		t.Errorf("%d %s, %d deadlines", response.StatusCode, text, deadlines.Load())
	}
}

func TestVaryIsAddedToThatOfMiddleware(t *testing.T) {
	_, handler := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		ResponseHeader(ctx).Add("Vary", "Cookie")
		return s.Send(trade(1))
	}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	for accept, want := range map[string]string{"": "[Origin Cookie Accept]", "text/html": "[Origin Accept]"} {
		response, _ := get(t, "GET", server.URL+"/v1/trades/A:watch", http.Header{"Accept": {accept}}, "")
		if got := fmt.Sprint(response.Header.Values("Vary")); got != want {
			t.Errorf("Accept %q: Vary %s", accept, got)
		}
	}
}

func TestSendReturnsTheCauseOfTheContext(t *testing.T) {
	for range 20 {
		result := make(chan error, 1)
		server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
			s.Send(trade(1))
			<-ctx.Done()
			result <- s.Send(trade(2))
			return nil
		}}, WithMaxDuration(2*time.Millisecond))
		get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
		if err := <-result; err != context.DeadlineExceeded {
			t.Fatal(err)
		}
	}
}

// An event is in the body, or its Send returns an error.
func TestSendLosesNoEventAtTheEnd(t *testing.T) {
	for range 50 {
		sent := make(chan int, 1)
		server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
			go func() {
				n := 0
				for s.Send(trade(1)) == nil {
					n++
				}
				sent <- n
			}()
			<-ctx.Done()
			return nil
		}}, WithMaxDuration(2*time.Millisecond))
		_, text := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
		if n := <-sent; strings.Count(text, `"sequence"`) != n {
			t.Fatalf("%d events were sent, and %d arrived", n, strings.Count(text, `"sequence"`))
		}
	}
}

// testing.T.FailNow ends the goroutine of a handler.
func TestGoexitEndsAStream(t *testing.T) {
	server, _ := serve(t, market{watchTrades: func(context.Context, *marketv1.WatchTradesRequest, *Sender[*marketv1.Trade]) error {
		runtime.Goexit()
		return nil
	}, getQuote: func(context.Context, *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
		runtime.Goexit()
		return nil, nil
	}}, WithUnaryTimeout(time.Minute))
	for _, path := range []string{"/v1/trades/A:watch", "/v1/quotes/A"} {
		if response, text := get(t, "GET", server.URL+path, nil, ""); response.StatusCode != 500 {
			t.Errorf("%s: %d %s", path, response.StatusCode, text)
		}
	}
}

// A deadline of HTTP/2 resets the stream when it passes, also if nothing is being written.
func TestASlowConsumerIsOneThatDoesNotReadWhatIsWritten(t *testing.T) {
	handler := NewHandler(market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		s.Send(trade(1))
		time.Sleep(300 * time.Millisecond)
		return s.Send(trade(2))
	}}.service(), WithSlowConsumer(100*time.Millisecond))
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	response, err := server.Client().Get(server.URL + "/v1/trades/A:watch")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.ProtoMajor != 2 || !strings.HasSuffix(string(text), ":end\n") {
		t.Errorf("%s: %q, %v", response.Proto, text, err)
	}
}

// The name of a body field must not let a body set other fields.
func TestABodyFieldIsOneJSONValue(t *testing.T) {
	method := ask
	method.Bindings = []Binding{{Method: "POST", Path: "/v1/ask", Body: "question"}}
	var got *marketv1.AskRequest
	handler := NewHandler(NewService("s", StreamHandler(&method, func(_ context.Context, req *marketv1.AskRequest, _ *Sender[*marketv1.AskEvent]) error {
		got = req
		return nil
	})))
	for body, status := range map[string]int{`"a"`: 200, `"a","question":"b"`: 400, `"a","x":1`: 400} {
		request := httptest.NewRequest("POST", "/v1/ask", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		if response.Code != status {
			t.Errorf("%s: %d, %v", body, response.Code, got)
		}
	}
}

func TestABodyOverTheLimitOfMiddleware(t *testing.T) {
	_, handler := serve(t, market{})
	server := httptest.NewServer(http.MaxBytesHandler(handler, 10))
	defer server.Close()
	response, text := get(t, "POST", server.URL+"/v1/ask", http.Header{"Content-Type": {"application/json"}}, strings.Repeat(" ", 20))
	if response.StatusCode != 413 {
		t.Errorf("%d %s", response.StatusCode, text)
	}
}

// net/http ends the body only after the handler has returned.
func TestAHandlerThatIsSlowToReturnDoesNotCutTheBody(t *testing.T) {
	server, _ := serve(t, market{ask: func(_ context.Context, _ *marketv1.AskRequest, s *Sender[*marketv1.AskEvent]) error {
		s.Send(&marketv1.AskEvent{Event: &marketv1.AskEvent_Done{Done: &marketv1.Done{}}})
		time.Sleep(1200 * time.Millisecond)
		return nil
	}})
	_, text := get(t, "POST", server.URL+"/v1/ask", http.Header{"Content-Type": {"application/json"}}, "{}")
	if !strings.HasSuffix(text, ":end\n") {
		t.Errorf("got %q", text)
	}
}

// Why a context ended that a middleware has given is not for the client.
func TestACauseOfMiddleware(t *testing.T) {
	_, handler := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		s.Send(trade(1))
		<-ctx.Done()
		return context.Cause(ctx)
	}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("secret")) })
		handler.ServeHTTP(w, r.WithContext(ctx))
	}))
	defer server.Close()
	_, text := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
	if got := unspaced(text); !strings.HasSuffix(got, "event: error\ndata:\x00{\"code\":13,\"message\":\"internal error\"}\n\n") {
		t.Errorf("got %q", got)
	}
}

// A path may have characters that net/url escapes: then it forgets which slash was escaped.
func TestAPathWithCharactersThatNeedEscapes(t *testing.T) {
	var symbol atomic.Value
	server, _ := serve(t, market{getQuote: func(_ context.Context, req *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
		symbol.Store(req.Symbol)
		return &marketv1.Quote{}, nil
	}})
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /v1/quotes/a%2Fb|é HTTP/1.0\r\n\r\n")
	text, _ := io.ReadAll(conn)
	if !strings.Contains(string(text), " 200 OK") || symbol.Load() != "a/b|é" {
		t.Errorf("%q: %s", symbol.Load(), text)
	}
}

func TestAnErrorHasTheStatusOfAFailure(t *testing.T) {
	for _, status := range []int{-1, 7, 200, 304, 1000} {
		server, _ := serve(t, market{getQuote: func(context.Context, *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
			return nil, &Error{Code: NotFound, Status: status}
		}})
		if response, _ := get(t, "GET", server.URL+"/v1/quotes/A", nil, ""); response.StatusCode != 404 {
			t.Errorf("%d: %d", status, response.StatusCode)
		}
	}
}

func TestABodyThatDoesNotArriveDoesNotKeepADrain(t *testing.T) {
	arrived := make(chan struct{})
	server, handler := serve(t, market{}, WithCallHooks(func(CallInfo) { close(arrived) }, nil))
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /v1/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n")
	<-arrived
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := handler.Drain(ctx); err != nil {
		t.Error(err)
	}
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	text, _ := io.ReadAll(conn)
	if !strings.Contains(string(text), " 503 ") || !strings.Contains(string(text), "Retry-After: 1") {
		t.Errorf("got %q", text)
	}
}

// What is sent before the handler returns arrives, and what is sent afterwards fails.
func TestGoroutinesThatSendAfterTheHandlerReturned(t *testing.T) {
	var senders sync.WaitGroup
	server, _ := serve(t, market{watchTrades: func(_ context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		sent := make(chan struct{})
		for i := range int64(4) {
			senders.Add(1)
			go func() {
				defer senders.Done()
				for s.Send(trade(i)) == nil {
					select {
					case sent <- struct{}{}:
					default:
					}
				}
			}()
		}
		<-sent
		return nil
	}})
	_, body := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
	senders.Wait()
	if !strings.Contains(body, "data:") || !strings.HasSuffix(body, "}\n\n:end\n") {
		t.Errorf("ends with %q", body[max(0, len(body)-100):])
	}
}

// Events would wait in its buffer until the stream ends.
func TestAWriterThatCannotFlush(t *testing.T) {
	hooked := make(chan error, 1)
	handler := NewHandler(market{watchTrades: func(context.Context, *marketv1.WatchTradesRequest, *Sender[*marketv1.Trade]) error {
		t.Error("the handler is called")
		return nil
	}}.service(), WithErrorHook(func(err error, _ CallInfo) { hooked <- err }))
	w := httptest.NewRecorder()
	handler.ServeHTTP(struct{ http.ResponseWriter }{w}, httptest.NewRequest("GET", "/v1/trades/A:watch", nil))
	if err := <-hooked; w.Code != 500 || !strings.Contains(err.Error(), "cannot flush: a middleware needs a method Unwrap") {
		t.Errorf("got %d, %v", w.Code, err)
	}
}
