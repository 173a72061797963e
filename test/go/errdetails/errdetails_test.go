// Package errdetails tests the messages of google.rpc and buf.validate that the runtime writes and
// reads by hand, since their packages would be dependencies.
package errdetails

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	marketv1 "protoc-gen-sse/go/internal/market/v1"
	"protoc-gen-sse/go/sse"
)

var getQuote = sse.Method{
	Name:     "market.v1.MarketService.GetQuote",
	Bindings: []sse.Binding{{Method: "GET", Path: "/v1/quotes/{symbol}", Variables: []sse.Variable{{Field: []string{"symbol"}}}}},
}

var ask = sse.Method{
	Name:     "market.v1.MarketService.Ask",
	Bindings: []sse.Binding{{Method: "POST", Path: "/v1/ask", Body: "*"}},
	Stream:   &sse.StreamRule{Events: []sse.EventRule{{Name: "delta", Field: "delta"}}},
}

// serve serves handlers that fail with an error.
func serve(t *testing.T, failure error, opts ...sse.HandlerOption) string {
	t.Helper()
	service := sse.NewService("market.v1.MarketService",
		sse.UnaryHandler(&getQuote, func(context.Context, *marketv1.GetQuoteRequest) (*marketv1.Quote, error) {
			return nil, failure
		}),
		sse.StreamHandler(&ask, func(_ context.Context, _ *marketv1.AskRequest, stream *sse.Sender[*marketv1.AskEvent]) error {
			if err := stream.Open(); err != nil {
				return err
			}
			return failure
		}))
	server := httptest.NewServer(sse.NewHandler(service, opts...))
	t.Cleanup(server.Close)
	return server.URL
}

// get returns the status in the body of a response.
func get(t *testing.T, url string) (body []byte, read *status.Status) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	read = &status.Status{}
	if err := protojson.Unmarshal(body, read); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return body, read
}

// checkJSON checks that a text is the ProtoJSON of a message, whitespace and order aside.
func checkJSON(t *testing.T, text []byte, message proto.Message) {
	t.Helper()
	want, err := protojson.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := errors.Join(json.Unmarshal(text, &a), json.Unmarshal(want, &b)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("got  %s\nwant %s", text, want)
	}
}

// checkAny checks that a detail is a message, in bytes too.
func checkAny(t *testing.T, got *anypb.Any, want proto.Message) {
	t.Helper()
	expected, err := anypb.New(want)
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(got, expected) {
		t.Fatalf("got %v, want %v", got, expected)
	}
}

func badRequest(violations ...string) *errdetails.BadRequest {
	request := &errdetails.BadRequest{}
	for i := 0; i < len(violations); i += 2 {
		request.FieldViolations = append(request.FieldViolations,
			&errdetails.BadRequest_FieldViolation{Field: violations[i], Description: violations[i+1]})
	}
	return request
}

func TestARefusedRequest(t *testing.T) {
	url := serve(t, nil, sse.WithUnknownQuery(sse.Reject))
	for query, want := range map[string]*errdetails.BadRequest{
		"?a%22%3C%E2%80%A8=1&b=2": badRequest(`a"<`+"\u2028", "no such parameter", "b", "no such parameter"),
		"?a=%ff":                  badRequest("a", `"a=%ff" is not percent-encoded UTF-8`),
	} {
		body, read := get(t, url+"/v1/quotes/A"+query)
		if len(read.Details) != 1 || read.Code != int32(code.Code_INVALID_ARGUMENT) {
			t.Fatalf("%s", body)
		}
		checkAny(t, read.Details[0], want)
		checkJSON(t, body, read)
	}
}

// The error of protovalidate has its violations as a message.
type validationError struct{ violations *validate.Violations }

func (e *validationError) Error() string                 { return "invalid" }
func (e *validationError) ToProto() *validate.Violations { return e.violations }

func TestViolationsOfProtovalidate(t *testing.T) {
	field := func(name string) *validate.FieldPathElement {
		return &validate.FieldPathElement{FieldName: proto.String(name)}
	}
	index := field("legs")
	index.Subscript = &validate.FieldPathElement_Index{Index: 2}
	text := field("labels")
	text.Subscript = &validate.FieldPathElement_StringKey{StringKey: `e"nv`}
	flag := field("flags")
	flag.Subscript = &validate.FieldPathElement_BoolKey{BoolKey: true}
	number := field("numbers")
	number.Subscript = &validate.FieldPathElement_IntKey{IntKey: -1}
	path := func(elements ...*validate.FieldPathElement) *validate.FieldPath {
		return &validate.FieldPath{Elements: elements}
	}
	failure := &validationError{&validate.Violations{Violations: []*validate.Violation{
		{Field: path(field("order"), index, field("price")), Message: proto.String("must be greater than 0"), RuleId: proto.String("double.gt")},
		{Field: path(text), RuleId: proto.String("string.min_len")},
		{Field: path(flag, number), Message: proto.String("is wrong")},
		{Message: proto.String("the message is wrong")},
	}}}
	url := serve(t, nil, sse.WithValidator(func(proto.Message) error { return failure }))
	body, read := get(t, url+"/v1/quotes/A")
	if len(read.Details) != 1 || read.Code != int32(code.Code_INVALID_ARGUMENT) {
		t.Fatalf("%s", body)
	}
	checkAny(t, read.Details[0], badRequest("order.legs[2].price", "must be greater than 0",
		`labels["e\"nv"]`, "string.min_len", "flags[true].numbers[-1]", "is wrong", "", "the message is wrong"))
}

// What a handler returns reaches the client as google.rpc.Status, in the body of a response and in an event.
func TestStatus(t *testing.T) {
	details := []proto.Message{
		badRequest("symbol", "is not listed"),
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1_500_000_000)},
		&errdetails.ErrorInfo{Reason: "CLOSED", Domain: "market", Metadata: map[string]string{"a": "b"}},
	}
	for number, name := range code.Code_name {
		if number == 0 {
			continue
		}
		failure := sse.Errorf(sse.Code(number), "näh <b>\x00%s", "\u2028")
		want := &status.Status{Code: number, Message: failure.Message}
		for _, detail := range details {
			failure.WithDetail(detail)
			packed, _ := anypb.New(detail)
			want.Details = append(want.Details, packed)
		}
		if got := failure.Code.String(); got != name {
			t.Errorf("code %d is %s, want %s", number, got, name)
		}
		url := serve(t, failure)
		body, read := get(t, url+"/v1/quotes/A")
		if !proto.Equal(read, want) {
			t.Fatalf("got %v, want %v", read, want)
		}
		checkJSON(t, body, want)

		response, err := http.Post(url+"/v1/ask", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		stream, _ := io.ReadAll(response.Body)
		response.Body.Close()
		_, event, _ := strings.Cut(string(stream), "event: error\ndata: ")
		data, _, _ := strings.Cut(event, "\n")
		checkJSON(t, []byte(data), want)

		// A client of Go has the details as bytes.
		_, err = sse.CallUnary[*marketv1.Quote](context.Background(), sse.NewTransport(url), &getQuote,
			&marketv1.GetQuoteRequest{Symbol: "A"}, nil)
		var got *sse.Error
		if !errors.As(err, &got) || got.Code != failure.Code || len(got.Details) != len(details) {
			t.Fatalf("%v", err)
		}
		for i, detail := range details {
			checkAny(t, got.Details[i], detail)
		}
		if found, ok := sse.FindDetail[*errdetails.RetryInfo](err); !ok || !proto.Equal(found, details[1]) {
			t.Fatalf("found %v", found)
		}
	}
}
