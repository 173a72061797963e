package sse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
)

// The name of a response field must not let a body set other fields.
func TestAResponseFieldIsOneJSONValue(t *testing.T) {
	method := getQuote
	method.Bindings = []Binding{{Method: "GET", Path: "/", ResponseBody: "symbol"}}
	for body, want := range map[string]string{`"A"`: "A", `"A","price":1`: "", `"A"}`: "", `"A" /`: "", `null`: ""} {
		s := serveRaw(t, func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		})
		quote, err := CallUnary[*marketv1.Quote](context.Background(), NewTransport(s.url), &method, &marketv1.GetQuoteRequest{}, nil)
		var decode *DecodeError
		if want == "" && body != "null" && !errors.As(err, &decode) || want != "" && (err != nil || quote.Symbol != want) {
			t.Errorf("%s: %v, %v", body, quote, err)
		}
	}
}

func TestShouldReconnectMayLeaveTheRule(t *testing.T) {
	for status, want := range map[int]int{503: 3, 404: 1} {
		requests := 0
		doer := doerFunc(func(*http.Request) (*http.Response, error) {
			requests++
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
		})
		policy := ReconnectPolicy{
			RetryPolicy:     RetryPolicy{MaxAttempts: 2, InitialDelay: time.Millisecond},
			ShouldReconnect: func(_ context.Context, _ error, next Reconnection) bool { return next.Default },
		}
		s := watchWith(t, "http://localhost", WithHTTPClient(doer), Reconnect(policy))
		if s.Next() || requests != want {
			t.Errorf("%d: %d requests, %v", status, requests, s.Err())
		}
	}
}

// Reconnect ends an attempt wherever it is, also in a function of the caller.
func TestReconnectWhileTheHeadersAreMade(t *testing.T) {
	server := serveRaw(t, say(":sse/1 end\n"+trade1+":end\n"))
	calls := 0
	var s *Stream[*marketv1.Trade]
	headers := func(ctx context.Context) (http.Header, error) {
		if calls++; calls == 1 {
			s.Reconnect()
			<-ctx.Done()
			return nil, fmt.Errorf("no token: %w", ctx.Err())
		}
		return nil, nil
	}
	s = watchWith(t, server.url, WithHeaders(headers))
	if !s.Next() || calls != 2 {
		t.Errorf("%d calls, %v", calls, s.Err())
	}
	late := func(ctx context.Context) (http.Header, error) { <-ctx.Done(); return nil, ctx.Err() }
	s = watchWith(t, server.url, WithHeaders(late), ConnectTimeout(10*time.Millisecond), NoReconnect())
	var timeout *TimeoutError
	if s.Next() || !errors.As(s.Err(), &timeout) || timeout.Kind != ConnectTimeoutKind {
		t.Errorf("got %v", s.Err())
	}
}

func TestOpenOfAStreamThatIsOver(t *testing.T) {
	server := serveRaw(t, func(conn net.Conn) {
		fmt.Fprint(conn, "HTTP/1.1 204 No Content\r\nX-Feed: over\r\nConnection: close\r\n\r\n")
	})
	info, err := watchWith(t, server.url).Open()
	if err != nil || info.Status != 204 || info.Header.Get("X-Feed") != "over" || info.Attempt != 1 {
		t.Errorf("%+v, %v", info, err)
	}
}

func watchWith(t *testing.T, url string, opts ...ClientOption) *Stream[*marketv1.Trade] {
	t.Helper()
	s := CallStream[*marketv1.Trade](context.Background(), NewTransport(url, opts...), &watchTrades, &marketv1.WatchTradesRequest{Symbol: "A"}, nil)
	t.Cleanup(func() { s.Close() })
	return s
}
