package sse

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	marketv1 "protoc-gen-sse/go/internal/market/v1"

	"google.golang.org/protobuf/proto"
)

// market is a service whose handlers a test gives.
type market struct {
	getQuote    func(context.Context, *marketv1.GetQuoteRequest) (*marketv1.Quote, error)
	watchTrades func(context.Context, *marketv1.WatchTradesRequest, *Sender[*marketv1.Trade]) error
	ask         func(context.Context, *marketv1.AskRequest, *Sender[*marketv1.AskEvent]) error
}

func (m market) service() Service {
	return NewService("market.v1.MarketService",
		UnaryHandler(&getQuote, m.getQuote), StreamHandler(&watchTrades, m.watchTrades), StreamHandler(&ask, m.ask))
}

func serve(t *testing.T, m market, opts ...HandlerOption) (*httptest.Server, *Handler) {
	t.Helper()
	handler := NewHandler(m.service(), append([]HandlerOption{WithErrorHook(func(error, CallInfo) {})}, opts...)...)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server, handler
}

// get returns the response of a request, and its body up to the end.
func get(t *testing.T, method, url string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// unspaced removes the spaces that protojson adds in some builds.
func unspaced(text string) string {
	return regexp.MustCompile(`(":|[,{]) +`).ReplaceAllString(strings.ReplaceAll(text, "data: ", "data:\x00"), "$1")
}

func trade(n int64) *marketv1.Trade { return &marketv1.Trade{Sequence: n, Symbol: "A"} }

func TestAStreamOfEvents(t *testing.T) {
	server, _ := serve(t, market{watchTrades: func(ctx context.Context, req *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		if req.Symbol != "A/B" || req.GetMinSize() != 3 {
			return fmt.Errorf("bound %v", req)
		}
		ResponseHeader(ctx).Set("X-Feed", "live")
		ResponseHeader(ctx).Set("Connection", "close")
		if err := s.Send(trade(1)); err != nil {
			return err
		}
		return s.SendID("7", trade(2))
	}})
	response, body := get(t, "GET", server.URL+"/v1/trades/A%2FB:watch?minSize=3", nil, "")
	want := ":sse/1 heartbeat=15000 end\nid: 1\ndata:\x00{\"sequence\":\"1\",\"symbol\":\"A\"}\n\n" +
		"id: 7\ndata:\x00{\"sequence\":\"2\",\"symbol\":\"A\"}\n\n:end\n"
	if got := unspaced(body); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no",
		"Vary": "Accept", "X-Feed": "live", "Connection": "",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestEventsOfAOneofEndWithTheTerminalOne(t *testing.T) {
	var after error
	server, _ := serve(t, market{ask: func(ctx context.Context, req *marketv1.AskRequest, s *Sender[*marketv1.AskEvent]) error {
		s.Send(&marketv1.AskEvent{Event: &marketv1.AskEvent_Delta{Delta: &marketv1.Delta{Text: req.Question + "\u2028"}}})
		if req.Question == "" {
			return s.Send(&marketv1.AskEvent{Event: &marketv1.AskEvent_Done{Done: &marketv1.Done{}}})
		}
		if err := s.Send(&marketv1.AskEvent{}); err == nil || !strings.Contains(err.Error(), "without an event") {
			t.Errorf("an event without a member: %v", err)
		}
		s.Send(&marketv1.AskEvent{Event: &marketv1.AskEvent_Done{Done: &marketv1.Done{}}})
		after = s.Send(&marketv1.AskEvent{Event: &marketv1.AskEvent_Done{Done: &marketv1.Done{}}})
		return nil
	}})
	_, body := get(t, "POST", server.URL+"/v1/ask", http.Header{"Content-Type": {"application/json"}}, `{"question":"?"}`)
	want := ":sse/1 heartbeat=15000 end\nevent: delta\ndata:\x00{\"text\":\"?\u2028\"}\n\nevent: done\ndata:\x00{}\n\n:end\n"
	if got := unspaced(body); got != want || after == nil {
		t.Errorf("got %q\nwant %q; after it %v", got, want, after)
	}
	_, lines := get(t, "POST", server.URL+"/v1/ask", http.Header{"Content-Type": {"application/json"}, "Accept": {"application/jsonl; profile=sse-1"}}, `{}`)
	if got := unspaced(lines); got != "\n{\"delta\":{\"text\":\"\u2028\"}}\n{\"done\":{}}\n{\"@end\":{}}\n" {
		t.Errorf("JSON Lines: %q", got)
	}
}

func TestErrorsBeforeAndAfterTheHead(t *testing.T) {
	var hooked atomic.Int32
	hook := WithErrorHook(func(error, CallInfo) { hooked.Add(1) })
	notFound := Errorf(NotFound, "no such symbol").WithDetail(&marketv1.Quote{Symbol: "A"})
	for name, test := range map[string]struct {
		handle func(ctx context.Context, s *Sender[*marketv1.Trade]) error
		status int
		want   string
		hooked int32
	}{
		"at once": {func(context.Context, *Sender[*marketv1.Trade]) error { return notFound }, 404,
			`{"code":5,"message":"no such symbol","details":[{"@type":"type.googleapis.com/market.v1.Quote","symbol":"A"}]}`, 0},
		"masked":         {func(context.Context, *Sender[*marketv1.Trade]) error { return errors.New("secret") }, 500, `{"code":13,"message":"internal error"}`, 1},
		"panic":          {func(context.Context, *Sender[*marketv1.Trade]) error { panic("secret") }, 500, `{"code":13,"message":"internal error"}`, 1},
		"after Open":     {func(_ context.Context, s *Sender[*marketv1.Trade]) error { s.Open(); return notFound }, 200, "event: error\ndata:\x00{\"code\":5", 0},
		"after an event": {func(_ context.Context, s *Sender[*marketv1.Trade]) error { s.Send(trade(1)); panic("secret") }, 200, "event: error\ndata:\x00{\"code\":13,\"message\":\"internal error\"}\n\n", 1},
		"after the window": {func(context.Context, *Sender[*marketv1.Trade]) error {
			time.Sleep(60 * time.Millisecond)
			return notFound
		}, 200, "event: error\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			hooked.Store(0)
			server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
				return test.handle(ctx, s)
			}}, hook)
			response, body := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
			if response.StatusCode != test.status || !strings.Contains(unspaced(body), test.want) || strings.Contains(body, ":end") {
				t.Errorf("%d %q", response.StatusCode, body)
			}
			if test.status != 200 && response.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", response.Header.Get("Cache-Control"))
			}
			if hooked.Load() != test.hooked {
				t.Errorf("%d errors at the hook", hooked.Load())
			}
		})
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	server, _ := serve(t, market{
		getQuote: func(context.Context, *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
			return &marketv1.Quote{Price: 1}, nil
		},
		watchTrades: func(context.Context, *marketv1.WatchTradesRequest, *Sender[*marketv1.Trade]) error { return nil },
		ask:         func(context.Context, *marketv1.AskRequest, *Sender[*marketv1.AskEvent]) error { return nil },
	}, WithMaxBodyBytes(20), WithUnknownQuery(Reject))
	asJSON := http.Header{"Content-Type": {"application/json"}}
	for _, test := range []struct {
		method, path string
		header       http.Header
		body         string
		status       int
		want         string
	}{
		{"GET", "/nope", nil, "", 404, `"code":5`},
		{"POST", "/v1/quotes/A", nil, "", 405, "GET, HEAD"},
		{"GET", "/v1/trades/A:watch?minSize=x", nil, "", 400, `{"field":"min_size","description":"\"x\" is not an integer from -2147483648 to 2147483647"}`},
		{"GET", "/v1/trades/A:watch?minSize=1&minSize=2", nil, "", 400, "is given twice"},
		{"GET", "/v1/trades/A:watch?x=1", nil, "", 400, "no such parameter"},
		{"GET", "/v1/trades/A:watch?last_event_id=x", nil, "", 400, "last_event_id"},
		{"GET", "/v1/trades/A:watch", http.Header{"Last-Event-Id": {"x"}}, "", 400, "Last-Event-ID"},
		{"GET", "/v1/trades/A:watch", http.Header{"Last-Event-Id": {"5"}}, "", 204, ""},
		{"GET", "/v1/trades/A:watch", http.Header{"Accept": {"text/html"}}, "", 406, "not acceptable"},
		{"GET", "/v1/quotes/%ff", nil, "", 400, "percent-encoded UTF-8"},
		{"POST", "/v1/ask", http.Header{"Content-Type": {"text/plain"}}, "{}", 415, "send application/json"},
		{"POST", "/v1/ask", http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, "{}", 415, "uncompressed"},
		{"POST", "/v1/ask", asJSON, strings.Repeat(" ", 21), 413, "larger than 20 bytes"},
		{"POST", "/v1/ask", asJSON, `{"question":7}`, 400, `"field":"question"`},
		{"POST", "/v1/ask", asJSON, `{`, 400, "not JSON"},
		{"POST", "/v1/ask", asJSON, `{"new":1}`, 200, ":end"},
		{"POST", "/v1/ask", asJSON, "{\"question\":\"\xff\"}", 400, "not UTF-8"},
		{"HEAD", "/v1/quotes/A", nil, "", 200, ""},
		{"HEAD", "/v1/trades/A:watch", nil, "", 200, ""},
	} {
		response, body := get(t, test.method, server.URL+test.path, test.header, test.body)
		if response.StatusCode != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s %s %q: %d %s", test.method, test.path, test.body, response.StatusCode, body)
		}
		if response.StatusCode >= 400 {
			var status struct {
				Code    int
				Message string
			}
			if json.Unmarshal([]byte(body), &status) != nil || status.Code == 0 || status.Message == "" {
				t.Errorf("%s %s: no Status: %s", test.method, test.path, body)
			}
		}
	}
}

func TestTheClientGoes(t *testing.T) {
	for name, handle := range map[string]func(ctx context.Context, s *Sender[*marketv1.Trade]) error{
		"idle": func(ctx context.Context, s *Sender[*marketv1.Trade]) error {
			s.Send(trade(1))
			<-ctx.Done()
			return context.Cause(ctx)
		},
		"sending": func(ctx context.Context, s *Sender[*marketv1.Trade]) error {
			for n := int64(1); ; n++ {
				if err := s.Send(trade(n)); err != nil {
					return err
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan error, 1)
			cause := make(chan error, 1)
			server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
				err := handle(ctx, s)
				<-ctx.Done()
				cause <- context.Cause(ctx)
				ended <- err
				return err
			}})
			s := watch(t, context.Background(), server.URL)
			if !s.Next() {
				t.Fatal(s.Err())
			}
			s.Close()
			if err := <-ended; err != ErrClientGone || <-cause != ErrClientGone {
				t.Errorf("the handler got %v", err)
			}
		})
	}
}

func TestAClientThatDoesNotReadHoldsALittle(t *testing.T) {
	var sent atomic.Int64
	blocked := make(chan struct{})
	server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		big := &marketv1.Trade{Symbol: strings.Repeat("x", 10_000)}
		for s.Send(big) == nil {
			sent.Add(1)
		}
		close(blocked)
		return nil
	}}, WithSlowConsumer(200*time.Millisecond))
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /v1/trades/A:watch HTTP/1.1\r\nHost: a\r\n\r\n")
	<-blocked
	if n := sent.Load(); n < 2 || n > 2000 {
		t.Errorf("%d events were sent", n)
	}
}

func TestHeartbeatsOnlyWhenIdle(t *testing.T) {
	server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		s.Send(trade(1))
		<-ctx.Done()
		return nil
	}}, WithHeartbeat(20*time.Millisecond))
	response, err := http.Get(server.URL + "/v1/trades/A:watch")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	var got []string
	for len(got) < 7 && lines.Scan() {
		got = append(got, lines.Text())
	}
	if got[0] != ":sse/1 heartbeat=20 end" || got[4] != ":" || got[5] != ":" || got[6] != ":" {
		t.Errorf("got %q", got)
	}
}

func TestServerTimeoutsDoNotCutStreams(t *testing.T) {
	handler := NewHandler(market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		s.Send(trade(1))
		time.Sleep(300 * time.Millisecond)
		return s.Send(trade(2))
	}}.service())
	server := httptest.NewUnstartedServer(handler)
	server.Config.WriteTimeout = 100 * time.Millisecond
	server.Config.ReadTimeout = 100 * time.Millisecond
	server.Start()
	defer server.Close()
	s := watch(t, context.Background(), server.URL, NoReconnect())
	if got := fmt.Sprint(sequences(s)); got != "[1 2]" || s.Err() != nil {
		t.Errorf("got %s, %v", got, s.Err())
	}
}

func TestDrain(t *testing.T) {
	started := make(chan struct{}, 1)
	server, handler := serve(t, market{
		watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
			s.Send(trade(1))
			started <- struct{}{}
			<-ctx.Done()
			return context.Cause(ctx)
		},
		getQuote: func(context.Context, *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
			return &marketv1.Quote{}, nil
		},
	})
	body := make(chan string)
	go func() {
		_, text := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
		body <- text
	}()
	<-started
	if err := handler.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
	if text := <-body; !regexp.MustCompile(`\n\nretry: [1-3]\d{3}\n$`).MatchString(text) {
		t.Errorf("got %q", text)
	}
	response, text := get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
	if response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" || !strings.Contains(text, `"code":14`) {
		t.Errorf("a new stream: %d %s", response.StatusCode, text)
	}
	if response, _ := get(t, "GET", server.URL+"/v1/quotes/A", nil, ""); response.StatusCode != 200 {
		t.Errorf("a unary call: %d", response.StatusCode)
	}
}

func TestHooksAndLimits(t *testing.T) {
	var mu sync.Mutex
	var results []string
	leaked := make(chan CallInfo, 1)
	release := make(chan struct{})
	server, handler := serve(t, market{
		watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
			s.Send(trade(1))
			<-release // ignores its context
			return nil
		},
		getQuote: func(ctx context.Context, _ *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}, WithMaxDuration(60*time.Millisecond), WithUnaryTimeout(30*time.Millisecond),
		WithLeakHook(func(info CallInfo) { leaked <- info }),
		WithCallHooks(nil, func(info CallInfo, r CallResult) {
			mu.Lock()
			defer mu.Unlock()
			results = append(results, fmt.Sprintf("%s %d %v events=%d", info.name(), r.Status, r.Code, r.Events))
		}))
	handler.options.leakAfter = 20 * time.Millisecond
	response, text := get(t, "GET", server.URL+"/v1/quotes/A", nil, "")
	if response.StatusCode != 504 || !strings.Contains(text, `"code":4`) {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	_, text = get(t, "GET", server.URL+"/v1/trades/A:watch", nil, "")
	if !strings.HasSuffix(unspaced(text), "event: error\ndata:\x00{\"code\":4,\"message\":\"the call reached its time limit\"}\n\n") {
		t.Errorf("got %q", text)
	}
	if info := <-leaked; info.Method.Name != watchTrades.Name {
		t.Errorf("leaked %v", info.Method.Name)
	}
	close(release)
	get(t, "GET", server.URL+"/nope", nil, "")
	server.Close()
	want := []string{
		"market.v1.MarketService.GetQuote 504 DEADLINE_EXCEEDED events=0",
		"market.v1.MarketService.WatchTrades 200 DEADLINE_EXCEEDED events=1",
		" 404 NOT_FOUND events=0",
	}
	if fmt.Sprint(results) != fmt.Sprint(want) {
		t.Errorf("got %q", results)
	}
}

func TestServerInterceptors(t *testing.T) {
	var seen []string
	interceptor := NewInterceptor(func(next UnaryFunc) UnaryFunc {
		return func(ctx context.Context, call *Call) (proto.Message, error) {
			if call.Header.Get("Authorization") == "" {
				return nil, Errorf(Unauthenticated, "who are you?")
			}
			return next(ctx, call)
		}
	}, func(next StreamFunc) StreamFunc {
		return func(ctx context.Context, call *Call) error {
			call.OnEvent = func(event proto.Message) (proto.Message, error) {
				seen = append(seen, fmt.Sprint(event.(*marketv1.Trade).Sequence))
				if len(seen) == 2 {
					return nil, nil // skipped
				}
				return event, nil
			}
			err := next(ctx, call)
			seen = append(seen, "end")
			return err
		}
	})
	server, _ := serve(t, market{
		watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
			return s.SendAll(func(yield func(*marketv1.Trade, error) bool) {
				for n := int64(1); n < 4 && yield(trade(n), nil); n++ {
				}
			})
		},
	}, WithInterceptors(interceptor))
	s := watch(t, context.Background(), server.URL)
	if got := fmt.Sprint(sequences(s), seen); got != "[1 3] [1 2 3 end]" {
		t.Errorf("got %s, %v", got, s.Err())
	}
	if response, _ := get(t, "GET", server.URL+"/v1/quotes/A", nil, ""); response.StatusCode != 401 {
		t.Errorf("status %d", response.StatusCode)
	}
}

// Fifty streams that are left leave no goroutine, whichever side leaves them, and however.
func TestGoroutinesEndWithTheirStreams(t *testing.T) {
	m := market{watchTrades: func(ctx context.Context, req *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		for n := int64(1); ; n++ {
			if req.Symbol == "slow" {
				s.Open()
				<-ctx.Done()
			}
			if err := s.Send(&marketv1.Trade{Sequence: n, Symbol: strings.Repeat("A", 1000)}); err != nil {
				return err
			}
			switch {
			case req.Symbol == "fast":
				continue // until the buffers are full, and the client does not read
			case req.Symbol == "end" && n == 3:
				return nil
			case req.Symbol == "error" && n == 3:
				return Errorf(NotFound, "gone")
			case req.Symbol == "panic" && n == 3:
				panic(http.ErrAbortHandler)
			}
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}}
	ways := map[string]struct {
		symbol string
		leave  func(s *Stream[*marketv1.Trade], cancel context.CancelFunc)
	}{
		"the loop is left": {"A", func(s *Stream[*marketv1.Trade], _ context.CancelFunc) {
			for range s.All() {
				break
			}
		}},
		"the client does not read": {"fast", func(s *Stream[*marketv1.Trade], _ context.CancelFunc) {
			for range s.All() {
				break
			}
		}},
		"closed while it is silent": {"slow", func(s *Stream[*marketv1.Trade], _ context.CancelFunc) { s.Open(); s.Close() }},
		"cancelled while it waits": {"slow", func(s *Stream[*marketv1.Trade], cancel context.CancelFunc) {
			time.AfterFunc(5*time.Millisecond, cancel)
			s.Next()
		}},
		"cancelled while it connects": {"slow", func(s *Stream[*marketv1.Trade], cancel context.CancelFunc) {
			time.AfterFunc(time.Millisecond, cancel)
			s.Open()
		}},
		"cancelled, and left alone": {"A", func(s *Stream[*marketv1.Trade], cancel context.CancelFunc) { s.Next(); cancel() }},
		"the server ends": {"end", func(s *Stream[*marketv1.Trade], _ context.CancelFunc) {
			for range s.All() {
			}
		}},
		"the server fails": {"error", func(s *Stream[*marketv1.Trade], _ context.CancelFunc) {
			for range s.All() {
			}
		}},
		"the server aborts": {"panic", func(s *Stream[*marketv1.Trade], _ context.CancelFunc) {
			for range s.All() {
			}
		}},
	}
	var cancels []context.CancelFunc
	defer func() {
		for _, cancel := range cancels {
			cancel()
		}
	}()
	for _, isHTTP2 := range []bool{false, true} {
		server := httptest.NewUnstartedServer(NewHandler(m.service()))
		server.EnableHTTP2 = isHTTP2
		server.StartTLS()
		client := server.Client()
		transport := NewTransport(server.URL, WithHTTPClient(client), NoReconnect())
		before := goroutinesWithout(client, 0)
		for name, way := range ways {
			for range 50 {
				ctx, cancel := context.WithCancel(context.Background())
				s := CallStream[*marketv1.Trade](ctx, transport, &watchTrades, &marketv1.WatchTradesRequest{Symbol: way.symbol}, nil)
				way.leave(s, cancel)
				cancels = append(cancels, cancel) // cancelled at the end: leaving must be enough
			}
			if after := goroutinesWithout(client, before); after > before {
				buf := make([]byte, 1<<20)
				t.Errorf("HTTP/2 %v, %s: %d goroutines more\n%s", isHTTP2, name, after-before, buf[:runtime.Stack(buf, true)])
			}
		}
		server.Close()
	}
}

// goroutinesWithout returns the number of goroutines without those of idle connections, once it is at most a
// number, or does not fall any more.
func goroutinesWithout(idle interface{ CloseIdleConnections() }, most int) int {
	idle.CloseIdleConnections()
	n := runtime.NumGoroutine()
	for quiet := 0; quiet < 25 && n > most; quiet++ {
		time.Sleep(20 * time.Millisecond)
		idle.CloseIdleConnections() // one of HTTP/2 is not idle before its streams were reset
		if now := runtime.NumGoroutine(); now < n {
			n, quiet = now, 0
		}
	}
	return n
}

// Ten thousand events over many kills: none lost, none repeated.
func TestNothingIsLostOverKills(t *testing.T) {
	const events = 10_000
	server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		n := int64(0)
		if id, ok := s.LastEventID(); ok {
			fmt.Sscan(id, &n)
		}
		for n < events {
			n++
			if err := s.Send(trade(n)); err != nil {
				return err
			}
		}
		return nil
	}})
	s := watch(t, context.Background(), server.URL)
	next := int64(1)
	for trade, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		if trade.Sequence != next {
			t.Fatalf("got %d, want %d", trade.Sequence, next)
		}
		if next++; next%500 == 0 {
			server.CloseClientConnections()
		}
	}
	if next != events+1 {
		t.Errorf("got %d events", next-1)
	}
}
