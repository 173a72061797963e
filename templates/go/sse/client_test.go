package sse

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	marketv1 "protoc-gen-sse/go/internal/market/v1"
)

var (
	getQuote = Method{
		Name:     "market.v1.MarketService.GetQuote",
		Bindings: []Binding{{Method: "GET", Path: "/v1/quotes/{symbol}", Variables: []Variable{{Field: []string{"symbol"}}}}},
	}
	watchTrades = Method{
		Name:     "market.v1.MarketService.WatchTrades",
		Bindings: []Binding{{Method: "GET", Path: "/v1/trades/{symbol}:watch", Variables: []Variable{{Field: []string{"symbol"}}}}},
		Stream:   &StreamRule{Resumable: true, ID: "sequence"},
	}
	ask = Method{
		Name:     "market.v1.MarketService.Ask",
		Bindings: []Binding{{Method: "POST", Path: "/v1/ask", Body: "*"}},
		Stream: &StreamRule{Events: []EventRule{
			{Name: "delta", Field: "delta"},
			{Name: "tool.call", Field: "toolCall"},
			{Name: "done", Field: "done", Terminal: true},
		}},
	}
)

// rawServer answers each connection with the next of its scripts, byte for byte.
type rawServer struct {
	url      string
	mu       sync.Mutex
	requests []*http.Request
	closed   chan struct{} // receives when a client has closed a connection
}

// script writes the answer to a request.
type script func(conn net.Conn)

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

func serveRaw(t *testing.T, scripts ...script) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &rawServer{url: "http://" + listener.Addr().String(), closed: make(chan struct{}, 100)}
	go func() {
		for i := 0; ; i++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				request, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				s.mu.Lock()
				s.requests = append(s.requests, request)
				n := len(s.requests) - 1
				s.mu.Unlock()
				scripts[min(n, len(scripts)-1)](conn)
			}()
		}
	}()
	return s
}

// say writes a stream, and ends the body.
func say(text string) script {
	return func(conn net.Conn) { fmt.Fprint(conn, streamHead+text) }
}

// reset writes a stream, and resets the connection.
func reset(text string) script {
	return func(conn net.Conn) {
		fmt.Fprint(conn, streamHead+text)
		time.Sleep(20 * time.Millisecond) // a reset may overtake the data
		conn.(*net.TCPConn).SetLinger(0)
	}
}

// hold writes a stream, and waits for the client to close the connection.
func (s *rawServer) hold(text string) script {
	return func(conn net.Conn) {
		fmt.Fprint(conn, streamHead+text)
		conn.Read(make([]byte, 1))
		s.closed <- struct{}{}
	}
}

func watch(t *testing.T, ctx context.Context, url string, opts ...StreamOption) *Stream[*marketv1.Trade] {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := NewTransport(url, WithHTTPClient(&http.Client{Transport: transport}))
	opts = append([]StreamOption{Reconnect(ReconnectPolicy{RetryPolicy: RetryPolicy{InitialDelay: time.Millisecond}})}, opts...)
	return CallStream[*marketv1.Trade](ctx, client, &watchTrades, &marketv1.WatchTradesRequest{Symbol: "A"}, opts)
}

func sequences(s *Stream[*marketv1.Trade]) (list []int64) {
	for s.Next() {
		list = append(list, s.Value().Sequence)
	}
	return list
}

const trade1 = "id: 1\ndata: {\"sequence\":\"1\"}\n\n"
const trade2 = "id: 2\ndata: {\"sequence\":\"2\"}\n\n"

func TestStreamEndsWithItsMark(t *testing.T) {
	server := serveRaw(t, say(":sse/1 end\n"+trade1+trade2+":end\n"))
	s := watch(t, context.Background(), server.url)
	if got := fmt.Sprint(sequences(s)); got != "[1 2]" || s.Err() != nil {
		t.Errorf("got %s, %v", got, s.Err())
	}
	if s.LastEventID() != "2" || s.State() != StateClosed {
		t.Errorf("cursor %q, state %v", s.LastEventID(), s.State())
	}
}

func TestStreamResumesAfterEveryKindOfLoss(t *testing.T) {
	for name, first := range map[string]script{
		"reset":     reset(":sse/1 end\n" + trade1),
		"truncated": say(":sse/1 end\n" + trade1 + "id: 9\ndata: {"),
		"unavailable in an event": say(":sse/1 end\n" + trade1 +
			"event: error\ndata: {\"code\":14,\"message\":\"restart\"}\n\n"),
		"silent": func(conn net.Conn) {
			fmt.Fprint(conn, streamHead+":sse/1 heartbeat=40 end\n"+trade1)
			conn.Read(make([]byte, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveRaw(t, first, func(conn net.Conn) {
				fmt.Fprint(conn, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			}, say(":sse/1 end\n"+trade2+":end\n"))
			var reasons []string
			s := watch(t, context.Background(), server.url, OnReconnect(func(r Reconnection) {
				reasons = append(reasons, r.Err.Error())
			}))
			if got := fmt.Sprint(sequences(s)); got != "[1 2]" || s.Err() != nil {
				t.Errorf("got %s, %v", got, s.Err())
			}
			if len(reasons) != 2 {
				t.Errorf("reconnected for %q", reasons)
			}
			for i, want := range []string{"", "1", "1"} {
				if got := server.requests[i].Header.Get("Last-Event-ID"); got != want {
					t.Errorf("request %d: Last-Event-ID %q, want %q", i, got, want)
				}
			}
		})
	}
}

func TestStreamDoesNotReconnectWhereItCannotHelp(t *testing.T) {
	for name, test := range map[string]struct {
		script script
		check  func(error) bool
	}{
		"404": {func(conn net.Conn) {
			body := `{"code":5,"message":"no such symbol"}`
			fmt.Fprintf(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}, func(err error) bool {
			var e *Error
			return errors.As(err, &e) && e.Code == NotFound && e.Message == "no such symbol" && e.Status == 404 && !e.InBody
		}},
		"HTML": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 11\r\n\r\n<p>login</p")
		}, func(err error) bool {
			var e *ContentTypeError
			return errors.As(err, &e) && e.Got == "text/html"
		}},
		"not the message": {say("data: 7\n\n"), func(err error) bool {
			var e *DecodeError
			return errors.As(err, &e) && string(e.Data) == "7" && e.Event == "message"
		}},
		"too large": {say("data: " + strings.Repeat("x", 2000) + "\n\n"), func(err error) bool {
			return errors.Is(err, ErrEventTooLarge)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveRaw(t, test.script)
			s := watch(t, context.Background(), server.url, MaxEventBytes(1000))
			if s.Next() || !test.check(s.Err()) {
				t.Errorf("got %v", s.Err())
			}
			var place *StreamError
			if !errors.As(s.Err(), &place) || place.Attempt != 1 {
				t.Errorf("no place in %#v", s.Err())
			}
			if len(server.requests) != 1 {
				t.Errorf("%d requests", len(server.requests))
			}
		})
	}
}

func TestStreamGivesUp(t *testing.T) {
	server := serveRaw(t, reset(":sse/1 end\n"))
	s := watch(t, context.Background(), server.url, Reconnect(ReconnectPolicy{
		RetryPolicy: RetryPolicy{MaxAttempts: 2, InitialDelay: time.Millisecond},
	}))
	var e *ReconnectError
	if s.Next() || !errors.As(s.Err(), &e) || e.Failures != 3 || len(server.requests) != 3 {
		t.Errorf("got %v after %d requests", s.Err(), len(server.requests))
	}
}

func TestCloseReleasesTheConnection(t *testing.T) {
	for name, leave := range map[string]func(*Stream[*marketv1.Trade]){
		"Close": func(s *Stream[*marketv1.Trade]) { s.Next(); s.Close(); s.Close() },
		"break": func(s *Stream[*marketv1.Trade]) {
			for range s.All() {
				break
			}
		},
		"Close from another goroutine": func(s *Stream[*marketv1.Trade]) {
			s.Next()
			go s.Close()
			s.Next()
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := &rawServer{closed: make(chan struct{}, 1)}
			raw := serveRaw(t, server.hold(":sse/1 end\n"+trade1))
			s := watch(t, context.Background(), raw.url)
			leave(s)
			<-server.closed
			if s.Next() || s.Err() != nil || s.State() != StateClosed {
				t.Errorf("%v, %v", s.Err(), s.State())
			}
		})
	}
}

func TestTheContextIsTheLifeOfTheStream(t *testing.T) {
	server := &rawServer{closed: make(chan struct{}, 1)}
	raw := serveRaw(t, server.hold(":sse/1 end\n"+trade1))
	ctx, cancel := context.WithCancelCause(context.Background())
	s := watch(t, ctx, raw.url)
	s.Next()
	reason := errors.New("the user left")
	go cancel(reason)
	if s.Next() || s.Err() != reason {
		t.Errorf("got %v", s.Err())
	}
	<-server.closed

	refusing := serveRaw(t, reset(""))
	ctx, done := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer done()
	s = watch(t, ctx, refusing.url, Reconnect(ReconnectPolicy{RetryPolicy: RetryPolicy{InitialDelay: time.Hour}}))
	if s.Next() || !errors.Is(s.Err(), context.DeadlineExceeded) {
		t.Errorf("got %v", s.Err())
	}
}

func TestReconnectNow(t *testing.T) {
	held := &rawServer{closed: make(chan struct{}, 1)}
	server := serveRaw(t, held.hold(":sse/1 end\n"+trade1), say(":sse/1 end\n"+trade2+":end\n"))
	s := watch(t, context.Background(), server.url)
	s.Next()
	time.AfterFunc(10*time.Millisecond, s.Reconnect)
	if !s.Next() || s.Value().Sequence != 2 {
		t.Errorf("got %v, %v", s.Value(), s.Err())
	}
	<-held.closed
	if got := server.requests[1].Header.Get("Last-Event-ID"); got != "1" {
		t.Errorf("Last-Event-ID %q", got)
	}
}

func TestTheCursorMovesWhenTheNextEventIsAskedFor(t *testing.T) {
	server := serveRaw(t, say(":sse/1 end\n"+trade1+trade2+":end\n"))
	s := watch(t, context.Background(), server.url, LastEventID("0"))
	for i, want := range []string{"0", "1"} {
		s.Next()
		if got := s.LastEventID(); got != want {
			t.Errorf("at event %d: %q, want %q", i+1, got, want)
		}
	}
	s.Next()
	if s.LastEventID() != "2" {
		t.Errorf("at the end: %q", s.LastEventID())
	}
}

func TestEventsOfAOneof(t *testing.T) {
	server := serveRaw(t, say(":sse/1 end\nevent: delta\ndata: {\"text\":\"a\"}\n\n"+
		"event: new\ndata: {}\n\nevent: tool.call\ndata: {\"name\":\"search\"}\n\nevent: done\ndata: {}\n\ndata: behind\n\n"))
	client := NewTransport(server.url)
	var unknown []string
	s := CallStream[*marketv1.AskEvent](context.Background(), client, &ask, &marketv1.AskRequest{Question: "?"}, []StreamOption{
		OnUnknownEvent(func(e RawEvent) { unknown = append(unknown, e.Event) }),
	})
	var got []string
	for event, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		switch e := event.Event.(type) {
		case *marketv1.AskEvent_Delta:
			got = append(got, "delta "+e.Delta.Text)
		case *marketv1.AskEvent_ToolCall:
			got = append(got, "tool "+e.ToolCall.Name)
		case *marketv1.AskEvent_Done:
			got = append(got, "done")
		}
	}
	if fmt.Sprint(got, unknown) != "[delta a tool search done] [new]" {
		t.Errorf("got %v, unknown %v", got, unknown)
	}
	if r := server.requests[0]; r.Method != "POST" || r.URL.Path != "/v1/ask" || r.Header.Get("Accept") != "text/event-stream" {
		t.Errorf("request %v", r)
	}
}

func TestJSONLines(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/jsonl; profile=sse-1\r\nConnection: close\r\n\r\n"
	for body, want := range map[string]string{
		"\n{\"sequence\":\"1\"}\n\n{\"sequence\":\"2\"}\n{\"@end\":{}}\n":             "[1 2] <nil>",
		"\n{\"sequence\":\"1\"}\n":                                                    "[1] market.v1.MarketService.WatchTrades: the body ended before the stream did",
		"\n{\"sequence\":\"1\"}\n{\"@error\":{\"code\":13,\"message\":\"broken\"}}\n": "[1] market.v1.MarketService.WatchTrades: INTERNAL: broken",
	} {
		server := serveRaw(t, func(conn net.Conn) { fmt.Fprint(conn, head+body) })
		s := watch(t, context.Background(), server.url, JSONLines(), NoReconnect())
		if got := fmt.Sprint(sequences(s), s.Err()); !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %s", body, got)
		}
		if got := server.requests[0].Header.Get("Accept"); got != "application/jsonl; profile=sse-1" {
			t.Errorf("Accept %q", got)
		}
	}
}

func TestUnaryCalls(t *testing.T) {
	var mu sync.Mutex
	tries := 0
	server := serveRaw(t, func(conn net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		if tries++; tries < 3 {
			fmt.Fprint(conn, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return
		}
		body := `{"symbol":"A/B","price":1.5,"new":true}`
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
	})
	var attempts []int
	client := NewTransport(server.url+"/base/", Header("X-Tenant", "acme"), WithInterceptors(NewInterceptor(func(next UnaryFunc) UnaryFunc {
		return func(ctx context.Context, call *Call) (m proto.Message, err error) {
			attempts = append(attempts, call.Attempt)
			return next(ctx, call)
		}
	}, nil)))
	quote, err := CallUnary[*marketv1.Quote](context.Background(), client, &getQuote, &marketv1.GetQuoteRequest{Symbol: "A/B"}, []CallOption{
		Retry(RetryPolicy{MaxAttempts: 2, InitialDelay: time.Millisecond}), Query("alt", "json"),
	})
	if err != nil || quote.Price != 1.5 {
		t.Fatalf("got %v, %v", quote, err)
	}
	r := server.requests[2]
	if r.URL.String() != "/base/v1/quotes/A%2FB?alt=json" || r.Header.Get("X-Tenant") != "acme" || fmt.Sprint(attempts) != "[1 2 3]" {
		t.Errorf("request %v, attempts %v", r.URL, attempts)
	}
	_, err = CallUnary[*marketv1.Quote](context.Background(), client, &getQuote, &marketv1.GetQuoteRequest{Symbol: ".."}, nil)
	var e *RequestError
	if !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
}

func TestAClientWithATimeoutIsRefused(t *testing.T) {
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "would cut every stream") {
			t.Errorf("panic %q", text)
		}
	}()
	WithHTTPClient(&http.Client{Timeout: time.Second})
}

func TestAFunctionOfTheCallerThatClosesTheStream(t *testing.T) {
	var s *Stream[*marketv1.Trade]
	closeInEvent := NewInterceptor(nil, func(next StreamFunc) StreamFunc {
		return func(ctx context.Context, call *Call) error {
			call.OnEvent = func(event proto.Message) (proto.Message, error) {
				s.Close()
				return event, nil
			}
			return next(ctx, call)
		}
	})
	server := serveRaw(t, say(":sse/1 end\n"+trade1+":end\n"))
	client := NewTransport(server.url, WithInterceptors(closeInEvent))
	s = CallStream[*marketv1.Trade](context.Background(), client, &watchTrades, &marketv1.WatchTradesRequest{Symbol: "A"}, nil)
	if s.Next() || s.Err() != nil {
		t.Errorf("after a close in OnEvent: got %v, %v", s.Value(), s.Err())
	}

	asked := false
	refusing := serveRaw(t, reset(""))
	s = watch(t, context.Background(), refusing.url, Reconnect(ReconnectPolicy{
		ShouldReconnect: func(context.Context, error, Reconnection) bool { s.Close(); return true },
	}), OnReconnect(func(Reconnection) { asked = true }))
	if s.Next() || s.Err() != nil || asked || len(refusing.requests) != 1 {
		t.Errorf("after a close in ShouldReconnect: %v, OnReconnect called: %v, %d requests", s.Err(), asked, len(refusing.requests))
	}
}
