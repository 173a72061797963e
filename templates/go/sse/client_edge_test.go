package sse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
)

// The name of a response field must not let a body set other fields.
func TestAResponseFieldIsOneJSONValue(t *testing.T) {
	method := getQuote
	method.Bindings = []Binding{{Method: "GET", Path: "/", ResponseBody: "symbol"}}
	for body, want := range map[string]string{`"A"`: "A", `"A","price":1`: "", `"A"}`: "", `"A" /`: "", `null`: ""} {
		s := serveRaw(t, func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		})
		quote, err := CallUnary[*marketv1.Quote](context.Background(), NewTransport(s.url), &method, &marketv1.GetQuoteRequest{}, nil)
		var decode *DecodeError
		if want == "" && body != "null" && !errors.As(err, &decode) || want != "" && (err != nil || quote.Symbol != want) {
			t.Errorf("%s: %v, %v", body, quote, err)
		}
	}
}
