// What every client does, one line for each thing that it gets: `client <url>`.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	marketv1 "example.com/everyone/market/v1"
	"example.com/everyone/market/v1/marketv1sse"
	"example.com/everyone/sse"
)

func main() {
	if err := run(context.Background(), marketv1sse.NewMarketServiceClient(os.Args[1])); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, client marketv1sse.MarketServiceClient) error {
	quote, err := client.GetQuote(ctx, &marketv1.GetQuoteRequest{Symbol: "BRK/B ü"})
	if err != nil {
		return err
	}
	fmt.Println("quote", quote.Symbol, quote.Price)

	for event, err := range client.Ask(ctx, &marketv1.AskRequest{Question: "Wie geht’s? 👋"}).All() {
		if err != nil {
			return err
		}
		switch e := event.Event.(type) {
		case *marketv1.AskEvent_ToolCall:
			fmt.Println("tool", e.ToolCall.Name)
		case *marketv1.AskEvent_Delta:
			fmt.Println("delta", e.Delta.Text)
		case *marketv1.AskEvent_Done:
			fmt.Println("done", e.Done.Deltas)
		}
	}

	_, err = client.GetQuote(ctx, &marketv1.GetQuoteRequest{Symbol: "NONE"})
	if err := showError(err); err != nil {
		return err
	}
	unknown := client.WatchTrades(ctx, &marketv1.WatchTradesRequest{Symbol: "NONE"})
	unknown.Next()
	if err := showError(unknown.Err()); err != nil {
		return err
	}

	policy := sse.ReconnectPolicy{
		RetryPolicy: sse.RetryPolicy{
			MaxAttempts:  3000,
			InitialDelay: 20 * time.Millisecond,
			MaxDelay:     20 * time.Millisecond,
		},
	}
	trades := client.WatchTrades(ctx, &marketv1.WatchTradesRequest{Symbol: "AAPL"}, sse.Reconnect(policy),
		sse.OnReconnect(func(next sse.Reconnection) { fmt.Println("lost", next.LastEventID) }))
	for trade, err := range trades.All() {
		if err != nil {
			return err
		}
		fmt.Println("trade", trade.Sequence, trade.Symbol, trade.Price, trade.Size, trade.TimeMs)
		if trade.Sequence == 1000 {
			break
		}
	}
	return nil
}

func showError(err error) error {
	var status *sse.Error
	if !errors.As(err, &status) {
		return fmt.Errorf("no *sse.Error: %w", err)
	}
	fmt.Println("error", status.Status, int(status.Code), status)
	return nil
}
