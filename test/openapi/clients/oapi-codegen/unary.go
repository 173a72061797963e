package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"clients/api"
)

func main() {
	client, err := api.NewClientWithResponses(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.MarketServiceGetQuoteWithResponse(context.Background(), "AAPL")
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(response.JSON200); err != nil {
		log.Fatal(err)
	}
}
