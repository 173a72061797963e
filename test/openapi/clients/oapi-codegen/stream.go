package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"

	"clients/api"
)

func main() {
	client, err := api.NewClient(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.MarketServiceWatchTrades(context.Background(), "AAPL", nil,
		func(_ context.Context, request *http.Request) error {
			request.Header.Set("Accept", "application/jsonl")
			return nil
		})
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	lines := json.NewDecoder(response.Body)
	trades := make([]api.MarketV1Trade, 3)
	for i := range trades {
		if err := lines.Decode(&trades[i]); err != nil {
			log.Fatal(err)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(trades); err != nil {
		log.Fatal(err)
	}
}
