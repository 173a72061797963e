package sse

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
)

// The commit window may end at any moment of a handler.
func TestHeadersThatAreSetWhileTheHeadIsSent(t *testing.T) {
	server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		header := ResponseHeader(ctx)
		header.Set("X-First", "1")
		for until := time.Now().Add(10 * time.Millisecond); time.Now().Before(until); {
			header.Add("X-More", "1")
			header.Del("X-More")
		}
		return s.Send(trade(1))
	}, getQuote: func(ctx context.Context, _ *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
		for until := time.Now().Add(20 * time.Millisecond); time.Now().Before(until); {
			ResponseHeader(ctx).Set("X-First", "1")
		}
		return &marketv1.Quote{}, nil
	}}, WithCommitWindow(time.Millisecond), WithUnaryTimeout(5*time.Millisecond))
	for path, status := range map[string]int{"/v1/trades/A:watch": 200, "/v1/quotes/A": 504} {
		response, _ := get(t, "GET", server.URL+path, nil, "")
		if response.StatusCode != status || response.Header.Get("X-First") != "1" {
			t.Errorf("%s: %d %v", path, response.StatusCode, response.Header)
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
		WithErrorMapper(func(error) *Error { fail(); return nil }), WithUnaryTimeout(200*time.Millisecond))
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
