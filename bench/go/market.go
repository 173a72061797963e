package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
	"protoc-gen-sse/go/sse"

	"google.golang.org/protobuf/encoding/protojson"
)

// The tables that the plugin prints for market.v1.
var (
	getQuote = sse.Method{
		Name:     "market.v1.MarketService.GetQuote",
		Bindings: []sse.Binding{{Method: "GET", Path: "/v1/quotes/{symbol}", Variables: []sse.Variable{{Field: []string{"symbol"}}}}},
	}
	ask = sse.Method{
		Name:     "market.v1.MarketService.Ask",
		Bindings: []sse.Binding{{Method: "POST", Path: "/v1/ask", Body: "*"}},
	}
	watchTrades = sse.Method{
		Name:     "market.v1.MarketService.WatchTrades",
		Bindings: []sse.Binding{{Method: "GET", Path: "/v1/trades/{symbol}:watch", Variables: []sse.Variable{{Field: []string{"symbol"}}}}},
		Stream:   &sse.StreamRule{Resumable: true, ID: "sequence"},
	}
)

const tradesPath = "/v1/trades/AAPL:watch"

var symbol = strings.Repeat("A", 64)

func price(i int) float64 { return 100.25 + float64(i%1000) }
func size(i int) int      { return 100 + i%500 }

// trade is an event: 64 characters and three numbers.
func trade(i int) *marketv1.Trade {
	return &marketv1.Trade{Sequence: int64(1_000_000 + i), Symbol: symbol, Price: price(i), Size: int32(size(i))}
}

// writeTrade writes an event as one does by hand.
func writeTrade(w io.Writer, m *marketv1.Trade) error {
	text, err := protojson.Marshal(m)
	if err == nil {
		_, err = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", m.Sequence, text)
	}
	return err
}

// handler is our server.
func handler(methods ...sse.MethodHandler) http.Handler {
	return sse.NewHandler(sse.NewService("market.v1.MarketService", methods...))
}

// tradesHandler is our server with a stream that a function sends.
func tradesHandler(watch func(context.Context, *sse.Sender[*marketv1.Trade]) error) http.Handler {
	return handler(sse.StreamHandler(&watchTrades,
		func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *sse.Sender[*marketv1.Trade]) error {
			return watch(ctx, s)
		}))
}

// rawHandler is a stream by hand: its head, then what a function writes.
func rawHandler(watch func(w http.ResponseWriter, flush func() error, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-cache, no-transform")
		_ = watch(w, http.NewResponseController(w).Flush, r) // the client has gone
	})
}

// serve listens on a port that the system chooses.
func serve(handler http.Handler) (url string, close func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	return "http://" + listener.Addr().String(), func() { server.Close() }
}
