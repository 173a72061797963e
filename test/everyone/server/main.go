// The server of server.js in Go.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	marketv1 "example.com/everyone/market/v1"
	"example.com/everyone/market/v1/marketv1sse"
	"example.com/everyone/sse"
)

const perResponse = 99

type exchange struct{}

func check(symbol string) error {
	if symbol == "NONE" {
		return sse.Errorf(sse.NotFound, "no such symbol: %q", symbol)
	}
	return nil
}

func (exchange) GetQuote(_ context.Context, req *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
	return &marketv1.Quote{Symbol: req.Symbol, Price: 187.5}, check(req.Symbol)
}

func (exchange) WatchTrades(ctx context.Context, req *marketv1.WatchTradesRequest, stream *sse.Sender[*marketv1.Trade]) error {
	if err := check(req.Symbol); err != nil {
		return err
	}
	id, _ := stream.LastEventID()
	after, _ := strconv.ParseInt(id, 10, 64)
	for sequence := after + 1; sequence <= after+perResponse; sequence++ {
		trade := &marketv1.Trade{
			Sequence: sequence,
			Symbol:   req.Symbol,
			Price:    float64(sequence) + 0.5,
			Size:     100,
			TimeMs:   1<<60 + sequence,
		}
		if err := stream.Send(trade); err != nil {
			return err
		}
		if sequence%7 < 3 {
			time.Sleep(time.Millisecond)
		}
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

func (exchange) Ask(_ context.Context, req *marketv1.AskRequest, stream *sse.Sender[*marketv1.AskEvent]) error {
	call := &marketv1.AskEvent_ToolCall{ToolCall: &marketv1.ToolCall{Name: "lookup"}}
	if err := stream.Send(&marketv1.AskEvent{Event: call}); err != nil {
		return err
	}
	words := strings.Split(req.Question, " ")
	for _, text := range words {
		time.Sleep(time.Millisecond)
		delta := &marketv1.AskEvent_Delta{Delta: &marketv1.Delta{Text: text}}
		if err := stream.Send(&marketv1.AskEvent{Event: delta}); err != nil {
			return err
		}
	}
	done := &marketv1.AskEvent_Done{Done: &marketv1.Done{Deltas: int32(len(words))}}
	return stream.Send(&marketv1.AskEvent{Event: done})
}

func main() {
	handler := sse.NewHandler(marketv1sse.NewMarketService(exchange{}))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), cors(handler)))
}
