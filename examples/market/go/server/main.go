// The server: `bin/server [port]`.
package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"log"
	"math"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	marketv1 "example.com/market/gen/market/v1"
	"example.com/market/gen/market/v1/marketv1sse"
	"example.com/market/gen/sse"
)

// An exchange where each symbol trades twenty times a second. A trade is a function of its number:
// so a server that was restarted knows every trade since the exchange opened, as one with a database
// would.
const interval = 50 * time.Millisecond

var opened = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

var symbols = map[string]string{"AAPL": "Apple", "AMD": "Advanced Micro Devices", "GOOG": "Alphabet", "NVDA": "NVIDIA"}

const maxHistory = 10_000

func lastSequence() int64 { return int64(time.Since(opened) / interval) }

func price(symbol string, sequence int64) float64 {
	wave := math.Sin(float64(sequence)/200) + math.Sin(float64(sequence)/37)/4
	return math.Round((100+float64(hash(symbol)%200)+wave)*100) / 100
}

func hash(text string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(text))
	return h.Sum32()
}

func trade(symbol string, sequence int64) *marketv1.Trade {
	return &marketv1.Trade{
		Sequence: sequence,
		Symbol:   symbol,
		Price:    price(symbol, sequence),
		Size:     int32(10 * (1 + hash(symbol+strconv.FormatInt(sequence, 10))%20)),
		TimeMs:   opened.Add(time.Duration(sequence) * interval).UnixMilli(),
	}
}

type exchange struct {
	marketv1sse.UnimplementedMarketServiceHandler
}

func (exchange) GetQuote(_ context.Context, req *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
	if err := check(req.Symbol); err != nil {
		return nil, err
	}
	return &marketv1.Quote{Symbol: req.Symbol, Price: price(req.Symbol, lastSequence()), Name: symbols[req.Symbol]}, nil
}

func (exchange) WatchTrades(ctx context.Context, req *marketv1.WatchTradesRequest, stream *sse.Sender[*marketv1.Trade]) error {
	if err := check(req.Symbol); err != nil {
		return err
	}
	last := lastSequence()
	after := last - min(max(int64(req.History), 0), maxHistory)
	if id, ok := stream.LastEventID(); ok {
		after, _ = strconv.ParseInt(id, 10, 64) // checked: ids are values of the field sequence
	}
	if after > last {
		return sse.Errorf(sse.OutOfRange, "trade %d is not from this exchange, whose last one is %d", after, last)
	}
	tick := time.NewTicker(interval / 2)
	defer tick.Stop()
	for sequence := after + 1; ; sequence++ {
		for sequence > lastSequence() {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if t := trade(req.Symbol, sequence); t.Size >= req.MinSize {
			if err := stream.Send(t); err != nil {
				return err // the client has gone
			}
		}
	}
}

var symbolIn = regexp.MustCompile(`[A-Z]{2,}`)

func (exchange) Ask(ctx context.Context, req *marketv1.AskRequest, stream *sse.Sender[*marketv1.AskEvent]) error {
	symbol := symbolIn.FindString(req.Question)
	if symbol == "" {
		symbol = "AAPL"
	}
	if err := check(symbol); err != nil {
		return err
	}
	call := &marketv1.AskEvent_ToolCall{ToolCall: &marketv1.ToolCall{Name: "price of " + symbol}}
	if err := stream.Send(&marketv1.AskEvent{Event: call}); err != nil {
		return err
	}
	words := strings.SplitAfter(fmt.Sprintf("%s trades at $%v.", symbol, price(symbol, lastSequence())), " ")
	for _, text := range words {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := stream.Send(&marketv1.AskEvent{Event: &marketv1.AskEvent_Delta{Delta: &marketv1.Delta{Text: text}}}); err != nil {
			return err
		}
	}
	done := &marketv1.AskEvent_Done{Done: &marketv1.Done{Deltas: int32(len(words))}}
	return stream.Send(&marketv1.AskEvent{Event: done})
}

func check(symbol string) error {
	if _, ok := symbols[symbol]; !ok {
		return sse.Errorf(sse.NotFound, "no such symbol: %q", symbol)
	}
	return nil
}

func main() {
	port := "3000"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	handler := sse.NewHandler(marketv1sse.NewMarketService(exchange{}))
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	// Streams end at once, and their clients resume at the next server.
	server.RegisterOnShutdown(func() {
		grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = handler.Drain(grace)
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		signals, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		<-signals.Done()
		_ = server.Shutdown(context.Background())
	}()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s/\n", listener.Addr())
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-ended
}
