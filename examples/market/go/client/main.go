// A client for the terminal: `bin/client <url> [symbol] [number of trades to watch]`.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"

	marketv1 "example.com/market/gen/market/v1"
	"example.com/market/gen/market/v1/marketv1sse"
	"example.com/market/gen/sse"
)

func main() {
	baseURL, symbol, count := "http://127.0.0.1:3000", "AAPL", 80
	for i, arg := range os.Args[1:] {
		switch i {
		case 0:
			baseURL = arg
		case 1:
			symbol = arg
		case 2:
			count, _ = strconv.Atoi(arg)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client := marketv1sse.NewMarketServiceClient(baseURL)
	quote, err := client.GetQuote(ctx, &marketv1.GetQuoteRequest{Symbol: symbol})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("quote    %s $%v\n", quote.Symbol, quote.Price)
	if err := ask(ctx, client, "How is "+symbol+"?"); err != nil {
		log.Fatal(err)
	}
	wrong, err := watch(ctx, client, symbol, count)
	if err != nil {
		log.Fatal(err)
	}
	if wrong > 0 {
		os.Exit(1)
	}
}

// ask prints the answer to a question, word by word.
func ask(ctx context.Context, client marketv1sse.MarketServiceClient, question string) error {
	answer := ""
	for event, err := range client.Ask(ctx, &marketv1.AskRequest{Question: question}).All() {
		if err != nil {
			return err
		}
		switch e := event.Event.(type) {
		case *marketv1.AskEvent_ToolCall:
			fmt.Printf("tool     %s\n", e.ToolCall.Name)
		case *marketv1.AskEvent_Delta:
			answer += e.Delta.Text
			fmt.Printf("delta    %q\n", e.Delta.Text)
		case *marketv1.AskEvent_Done:
			fmt.Printf("answer   %s (%d deltas)\n", answer, e.Done.Deltas)
		}
	}
	return nil
}

// watch prints trades, and returns how many were lost or repeated.
func watch(ctx context.Context, client marketv1sse.MarketServiceClient, symbol string, count int) (wrong int, err error) {
	var first, last int64
	seen, reconnects := 0, 0
	trades := client.WatchTrades(ctx, &marketv1.WatchTradesRequest{Symbol: symbol}, sse.OnReconnect(func(next sse.Reconnection) {
		reconnects++
		fmt.Printf("         connection lost after trade %d, reconnecting in %d ms\n", last, next.Delay.Milliseconds())
	}))
	for trade, err := range trades.All() {
		if err != nil {
			return wrong, err
		}
		if seen == 0 {
			first = trade.Sequence
		} else if trade.Sequence != last+1 {
			wrong++
		}
		last = trade.Sequence
		seen++
		fmt.Printf("trade    %d %s %d at $%v\n", trade.Sequence, trade.Symbol, trade.Size, trade.Price)
		if seen == count {
			break // closes the connection
		}
	}
	verdict := "none lost, none repeated"
	if wrong > 0 {
		verdict = fmt.Sprintf("%d LOST OR REPEATED", wrong)
	}
	fmt.Printf("summary  %d trades, %d to %d: %s, %d attempts to reconnect\n", seen, first, last, verdict, reconnects)
	return wrong, nil
}
