package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
	"protoc-gen-sse/go/sse"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const calls = 5_000

// question is the body of a POST.
var question = fmt.Sprintf(`{"question":%q}`, strings.Repeat("why? ", 20))

// quoted is what every GET is answered with.
func quoted(symbol string) *marketv1.Quote {
	return &marketv1.Quote{Symbol: symbol, Price: 187.25, Time: &timestamppb.Timestamp{Seconds: 1_700_000_000}}
}

// answered is what every POST is answered with.
func answered(question string) *marketv1.Delta { return &marketv1.Delta{Text: question} }

// unary is a server that answers a client in another process.
func unary(handler http.Handler, path, body string) func() costs {
	return func() costs {
		url, close := serve(handler)
		defer close()
		return costs{"time": cpuOf(time.Microsecond, calls, func() {
			_, wait := client("call", url+path, body, fmt.Sprint(calls))
			wait()
		})}
	}
}

func init() {
	ours := handler(
		sse.UnaryHandler(&getQuote, func(_ context.Context, request *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
			return quoted(request.Symbol), nil
		}),
		sse.UnaryHandler(&ask, func(_ context.Context, request *marketv1.AskRequest) (*marketv1.Delta, error) {
			return answered(request.Question), nil
		}),
	)
	subjects["GET: ours"] = unary(ours, "/v1/quotes/AAPL", "")
	subjects["POST: ours"] = unary(ours, "/v1/ask", question)

	// By hand, with the messages, and with structs of Go and encoding/json.
	byHand := http.NewServeMux()
	respond := func(w http.ResponseWriter, m proto.Message) {
		text, err := protojson.Marshal(m)
		check(err)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	}
	byHand.HandleFunc("GET /v1/quotes/{symbol}", func(w http.ResponseWriter, r *http.Request) {
		respond(w, quoted(r.PathValue("symbol")))
	})
	byHand.HandleFunc("POST /v1/ask", func(w http.ResponseWriter, r *http.Request) {
		request := &marketv1.AskRequest{}
		check(unmarshalBody(r, request))
		respond(w, answered(request.Question))
	})
	subjects["GET: protojson by hand"] = unary(byHand, "/v1/quotes/AAPL", "")
	subjects["POST: protojson by hand"] = unary(byHand, "/v1/ask", question)

	structs := http.NewServeMux()
	encode := func(w http.ResponseWriter, value any) {
		w.Header().Set("Content-Type", "application/json")
		check(json.NewEncoder(w).Encode(value))
	}
	structs.HandleFunc("GET /v1/quotes/{symbol}", func(w http.ResponseWriter, r *http.Request) {
		encode(w, struct {
			Symbol string    `json:"symbol"`
			Price  float64   `json:"price"`
			Time   time.Time `json:"time"`
		}{r.PathValue("symbol"), 187.25, time.Unix(1_700_000_000, 0)})
	})
	structs.HandleFunc("POST /v1/ask", func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Question string `json:"question"`
		}
		check(json.NewDecoder(r.Body).Decode(&request))
		encode(w, struct {
			Text string `json:"text"`
		}{request.Question})
	})
	subjects["GET: encoding/json by hand"] = unary(structs, "/v1/quotes/AAPL", "")
	subjects["POST: encoding/json by hand"] = unary(structs, "/v1/ask", question)

	// Connect's protocol for unary calls over POST is plain JSON. Its GET has the message in the query.
	procedures := http.NewServeMux()
	procedures.Handle("/Ask", connect.NewUnaryHandler("/Ask",
		func(_ context.Context, request *connect.Request[marketv1.AskRequest]) (*connect.Response[marketv1.Delta], error) {
			return connect.NewResponse(answered(request.Msg.Question)), nil
		}))
	procedures.Handle("/GetQuote", connect.NewUnaryHandler("/GetQuote",
		func(_ context.Context, request *connect.Request[marketv1.GetQuoteRequest]) (*connect.Response[marketv1.Quote], error) {
			return connect.NewResponse(quoted(request.Msg.Symbol)), nil
		}, connect.WithIdempotency(connect.IdempotencyNoSideEffects)))
	subjects["GET: connect-go"] = unary(procedures, "/GetQuote?connect=v1&encoding=json&message=%7B%22symbol%22%3A%22AAPL%22%7D", "")
	subjects["POST: connect-go"] = unary(procedures, "/Ask", question)
}

func unmarshalBody(r *http.Request, m proto.Message) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	return protojson.Unmarshal(text, m)
}
