// Sends the requests of bind.json, which is its argument, to a generated server, and prints each row
// that the server does not bind to the message of the row.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"example.com/conformance/conformance/v1/conformancev1sse"
	"example.com/conformance/sse"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

type row struct {
	Method, Verb, URL string
	Request, Body     json.RawMessage
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var rows []row
	check(json.Unmarshal(text, &rows))

	var method string
	var bound proto.Message
	note := func(next sse.UnaryFunc) sse.UnaryFunc {
		return func(_ context.Context, call *sse.Call) (proto.Message, error) {
			method, bound = call.Method.Name, call.Message
			return &emptypb.Empty{}, nil
		}
	}
	service := conformancev1sse.NewConformanceService(conformancev1sse.UnimplementedConformanceServiceHandler{})
	server := httptest.NewServer(sse.NewHandler(service,
		sse.WithInterceptors(sse.NewInterceptor(note, nil)), sse.WithUnknownQuery(sse.Reject),
		sse.WithErrorHook(func(err error, _ sse.CallInfo) { fmt.Println("error:", err) })))
	defer server.Close()

	for _, row := range rows {
		method, bound = "", nil
		request, err := http.NewRequest(row.Verb, server.URL+row.URL, bytes.NewReader(row.Body))
		check(err)
		if row.Body != nil {
			request.Header.Set("Content-Type", "application/json")
		}
		response, err := http.DefaultClient.Do(request)
		check(err)
		answer, err := io.ReadAll(response.Body)
		check(err)
		response.Body.Close()
		if bound == nil {
			fmt.Printf("%s %s: %d %s\n", row.Verb, row.URL, response.StatusCode, answer)
			continue
		}
		want := bound.ProtoReflect().New().Interface()
		check(protojson.Unmarshal(row.Request, want))
		if method != "conformance.v1.ConformanceService."+row.Method || !proto.Equal(bound, want) {
			fmt.Printf("%s %s: %s bound %v, not %v\n", row.Verb, row.URL, method, bound, want)
		}
	}
	fmt.Println(len(rows), "rows")
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
