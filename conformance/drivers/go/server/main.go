// Serves ConformanceService. The first argument is the port, the second the options as JSON. Prints
// its URL, and a line of JSON for each call whose handler has ended.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/conformance/conformance/v1"
	"example.com/conformance/conformance/v1/conformancev1sse"
	"example.com/conformance/sse"
	"google.golang.org/protobuf/proto"
)

// options are those of server.json. Nil stands for the default of the server.
type options struct {
	HeartbeatMs, CommitWindowMs, UnaryTimeoutMs, MaxDurationMs, SlowConsumerMs, GraceMs *int

	MaxBodyBytes *int64
	UnknownQuery string
	Validate     bool
}

func main() {
	var o options
	if len(os.Args) > 2 {
		check(json.Unmarshal([]byte(os.Args[2]), &o))
	}
	handler := sse.NewHandler(conformancev1sse.NewConformanceService(service{}), o.values()...)
	// HTTP/1.1, and HTTP/2 for clients that begin with it.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: handler, Protocols: protocols}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	check(err)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	fmt.Printf("http://%s\n", listener.Addr())
	go server.Serve(listener)

	<-stop
	grace := 10_000
	if o.GraceMs != nil {
		grace = *o.GraceMs
	}
	ctx, cancel := context.WithTimeout(context.Background(), milliseconds(grace))
	defer cancel()
	_ = handler.Drain(ctx)
	// The last bytes of the calls are sent before the process ends.
	ctx, cancel = context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = server.Shutdown(ctx)
}

func (o options) values() []sse.HandlerOption {
	opts := []sse.HandlerOption{sse.WithUnknownQuery(o.UnknownQuery == "reject")}
	set := func(value *int, option func(time.Duration) sse.HandlerOption) {
		if value != nil {
			opts = append(opts, option(milliseconds(*value)))
		}
	}
	set(o.HeartbeatMs, sse.WithHeartbeat)
	set(o.CommitWindowMs, sse.WithCommitWindow)
	set(o.UnaryTimeoutMs, sse.WithUnaryTimeout)
	set(o.MaxDurationMs, sse.WithMaxDuration)
	set(o.SlowConsumerMs, sse.WithSlowConsumer)
	if o.MaxBodyBytes != nil {
		opts = append(opts, sse.WithMaxBodyBytes(*o.MaxBodyBytes))
	}
	if o.Validate {
		opts = append(opts, sse.WithValidator(func(message proto.Message) error {
			if request, ok := message.(*conformancev1.Request); ok && request.Name == "invalid" {
				return errors.New("the name is invalid")
			}
			return nil
		}))
	}
	return opts
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func check(err error) {
	if err != nil {
		panic(err)
	}
}
