package sse

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"

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

func TestShouldReconnectMayLeaveTheRule(t *testing.T) {
	for status, want := range map[int]int{503: 3, 404: 1} {
		requests := 0
		doer := doerFunc(func(*http.Request) (*http.Response, error) {
			requests++
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
		})
		policy := ReconnectPolicy{
			RetryPolicy:     RetryPolicy{MaxAttempts: 2, InitialDelay: time.Millisecond},
			ShouldReconnect: func(_ context.Context, _ error, next Reconnection) bool { return next.Default },
		}
		s := watchWith(t, "http://localhost", WithHTTPClient(doer), Reconnect(policy))
		if s.Next() || requests != want {
			t.Errorf("%d: %d requests, %v", status, requests, s.Err())
		}
	}
}

// Reconnect ends an attempt wherever it is, also in a function of the caller.
func TestReconnectWhileTheHeadersAreMade(t *testing.T) {
	server := serveRaw(t, say(":sse/1 end\n"+trade1+":end\n"))
	calls := 0
	var s *Stream[*marketv1.Trade]
	headers := func(ctx context.Context) (http.Header, error) {
		if calls++; calls == 1 {
			s.Reconnect()
			<-ctx.Done()
			return nil, fmt.Errorf("no token: %w", ctx.Err())
		}
		return nil, nil
	}
	s = watchWith(t, server.url, WithHeaders(headers))
	if !s.Next() || calls != 2 {
		t.Errorf("%d calls, %v", calls, s.Err())
	}
	late := func(ctx context.Context) (http.Header, error) { <-ctx.Done(); return nil, ctx.Err() }
	s = watchWith(t, server.url, WithHeaders(late), ConnectTimeout(10*time.Millisecond), NoReconnect())
	var timeout *TimeoutError
	if s.Next() || !errors.As(s.Err(), &timeout) || timeout.Kind != ConnectTimeoutKind {
		t.Errorf("got %v", s.Err())
	}
}

func TestOpenOfAStreamThatIsOver(t *testing.T) {
	server := serveRaw(t, func(conn net.Conn) {
		fmt.Fprint(conn, "HTTP/1.1 204 No Content\r\nX-Feed: over\r\nConnection: close\r\n\r\n")
	})
	info, err := watchWith(t, server.url).Open()
	if err != nil || info.Status != 204 || info.Header.Get("X-Feed") != "over" || info.Attempt != 1 {
		t.Errorf("%+v, %v", info, err)
	}
}

func watchWith(t *testing.T, url string, opts ...ClientOption) *Stream[*marketv1.Trade] {
	t.Helper()
	s := CallStream[*marketv1.Trade](context.Background(), NewTransport(url, opts...), &watchTrades, &marketv1.WatchTradesRequest{Symbol: "A"}, nil)
	t.Cleanup(func() { s.Close() })
	return s
}

// silentBody is the body of a transport that does not look at the context of its request.
type silentBody struct {
	*io.PipeReader
	closed chan struct{}
}

func (b silentBody) Close() error {
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
	return b.PipeReader.Close()
}

func TestABodyThatIgnoresItsContext(t *testing.T) {
	bodies := make(chan silentBody, 10)
	doer := doerFunc(func(*http.Request) (*http.Response, error) {
		r, w := io.Pipe()
		body := silentBody{r, make(chan struct{})}
		go fmt.Fprint(w, ":sse/1 heartbeat=20 end\n"+trade1)
		bodies <- body
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: body}, nil
	})
	s := watchWith(t, "http://localhost", WithHTTPClient(doer), IdleTimeout(0))
	if !s.Next() {
		t.Fatal(s.Err())
	}
	time.AfterFunc(20*time.Millisecond, func() { s.Close() })
	if s.Next() || s.Err() != nil {
		t.Errorf("after Close: %v", s.Err())
	}
	<-(<-bodies).closed
	s = watchWith(t, "http://localhost", WithHTTPClient(doer), NoReconnect())
	var timeout *TimeoutError
	if !s.Next() || s.Next() || !errors.As(s.Err(), &timeout) || timeout.Kind != IdleTimeoutKind {
		t.Errorf("after silence: %v", s.Err())
	}
	<-(<-bodies).closed
	s = watchWith(t, "http://localhost", WithHTTPClient(doer))
	s.Next()
	s.Close() // and no Next after it
	<-(<-bodies).closed
}

// A type that is not linked into the program is found by the resolver: in requests, responses and details.
func TestTheResolverOfAClient(t *testing.T) {
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("dynamic.proto"), Package: proto.String("dynamic"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Message"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: proto.String("n"), JsonName: proto.String("n"), Number: proto.Int32(1),
			Type:  descriptorpb.FieldDescriptorProto_TYPE_INT32.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	types := &protoregistry.Types{}
	if err := types.RegisterMessage(dynamicpb.NewMessageType(file.Messages().Get(0))); err != nil {
		t.Fatal(err)
	}
	method := Method{Name: "s.Echo", Bindings: []Binding{{Method: "POST", Path: "/", Body: "*"}}}
	const text = `{"@type":"type.googleapis.com/dynamic.Message","n":1}`
	requests := make(chan string, 2)
	doer := doerFunc(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		requests <- string(body)
		status, answer := 200, text
		if len(requests) == 2 {
			status, answer = 404, `{"code":5,"details":[`+text+`]}`
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer))}, nil
	})
	transport := NewTransport("http://localhost", WithHTTPClient(doer), WithUnmarshalOptions(protojson.UnmarshalOptions{Resolver: types}))
	message := &anypb.Any{TypeUrl: "type.googleapis.com/dynamic.Message", Value: []byte{8, 1}}
	response, err := CallUnary[*anypb.Any](context.Background(), transport, &method, message, nil)
	if err != nil || !proto.Equal(response, message) {
		t.Fatalf("%v, %v", response, err)
	}
	_, err = CallUnary[*anypb.Any](context.Background(), transport, &method, message, nil)
	var status *Error
	if !errors.As(err, &status) || len(status.Details) != 1 || !proto.Equal(status.Details[0], message) {
		t.Errorf("%v", err)
	}
	if got := unspaced(<-requests); got != text {
		t.Errorf("sent %s", got)
	}
}

// A stream asks for no compression, but a proxy may compress it anyway.
func TestAResponseThatIsCompressedAnyway(t *testing.T) {
	compressed := func(status int, contentType, text string) script {
		return func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n", status, contentType)
			w := gzip.NewWriter(conn)
			fmt.Fprint(w, text)
			w.Flush()
			conn.Read(make([]byte, 1)) // what arrived must not wait for the end
		}
	}
	s := watchWith(t, serveRaw(t, compressed(200, "text/event-stream", ":sse/1 end\n"+trade1+":end\n")).url)
	if got := sequences(s); len(got) != 1 || s.Err() != nil {
		t.Errorf("got %v, %v", got, s.Err())
	}
	s = watchWith(t, serveRaw(t, func(conn net.Conn) {
		body := &bytes.Buffer{}
		w := gzip.NewWriter(body)
		fmt.Fprint(w, `{"code":5,"message":"no such symbol"}`)
		w.Close()
		fmt.Fprintf(conn, "HTTP/1.1 404 X\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", body.Len(), body)
	}).url)
	var status *Error
	if s.Next() || !errors.As(s.Err(), &status) || status.Message != "no such symbol" {
		t.Errorf("got %v", s.Err())
	}
	s = watchWith(t, serveRaw(t, func(conn net.Conn) {
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\nplain")
	}).url, NoReconnect())
	var network *NetworkError
	if s.Next() || !errors.As(s.Err(), &network) {
		t.Errorf("got %v", s.Err())
	}
}
