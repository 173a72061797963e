package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"clients/api"
)

func main() {
	client, err := api.NewClient(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	quote, err := client.MarketServiceGetQuote(context.Background(), api.MarketServiceGetQuoteParams{Symbol: "AAPL"})
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(quote); err != nil {
		log.Fatal(err)
	}
}
