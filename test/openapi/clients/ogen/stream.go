package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"os"

	"clients/api"
)

func main() {
	client, err := api.NewClient(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	// It reads the body to its end, so the stream must have one: that of MSFT does.
	response, err := client.MarketServiceWatchTrades(context.Background(), api.MarketServiceWatchTradesParams{Symbol: "MSFT"})
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(response.(io.Reader))
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(string(body)); err != nil {
		log.Fatal(err)
	}
}
