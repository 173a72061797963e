// Reads a line of JSON for each call, makes the call with the generated client, and writes a line
// with the result.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"
	"time"

	"example.com/conformance/conformance/v1/conformancev1sse"
	"example.com/conformance/sse"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

type call struct {
	Name, BaseURL, Method string
	Request               json.RawMessage
	Options               options
}

type retry struct {
	MaxAttempts                                 *int
	InitialDelayMs, MaxDelayMs, MaxRetryAfterMs int
	AfterEnd                                    bool
}

type options struct {
	LastEventID                                                                string
	Reconnect                                                                  json.RawMessage
	Retry                                                                      *retry
	TimeoutMs, ConnectTimeoutMs, DeadlineMs, MaxEventBytes, PauseMs, StopAfter int
	IdleTimeoutMs                                                              any
	UnknownEvents, InvalidEvents, Format                                       string
	Headers, Query                                                             map[string]string
	RequireEnd                                                                 bool
}

type event struct {
	ID    *string         `json:"id,omitempty"`
	Event string          `json:"event,omitempty"`
	Value json.RawMessage `json:"value"`
}

type answer struct {
	Name   string         `json:"name"`
	Events []event        `json:"events"`
	Error  map[string]any `json:"error,omitempty"`
	Cursor *string        `json:"cursor,omitempty"`
}

// net/http repeats a request that failed on a connection which it used before: then the server would
// see requests that the client knows nothing of.
var httpClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			panic(err)
		}
		if err := out.Encode(c.run()); err != nil {
			panic(err)
		}
	}
}

func (c call) run() answer {
	a := answer{Name: c.Name, Events: []event{}}
	ctx, opts := c.Options.values(c.Method)
	client := conformancev1sse.NewConformanceServiceClient(c.BaseURL, sse.WithHTTPClient(httpClient))
	method := reflect.ValueOf(client).MethodByName(c.Method)
	request := reflect.New(method.Type().In(1).Elem())
	if err := protojson.Unmarshal(c.Request, request.Interface().(proto.Message)); err != nil {
		panic(err)
	}
	list := reflect.MakeSlice(method.Type().In(2), 0, len(opts))
	for _, opt := range opts {
		if reflect.TypeOf(opt).Implements(method.Type().In(2).Elem()) {
			list = reflect.Append(list, reflect.ValueOf(opt))
		}
	}
	result := method.CallSlice([]reflect.Value{reflect.ValueOf(ctx), request, list})
	if len(result) == 2 {
		if err, ok := result[1].Interface().(error); ok {
			a.Error = describe(err)
		} else {
			a.Events = append(a.Events, event{Value: value(result[0])})
		}
		return a
	}
	stream := result[0].Interface().(interface {
		Next() bool
		Event() sse.Meta
		Err() error
		Close() error
		LastEventID() string
	})
	for stream.Next() {
		meta := stream.Event()
		e := event{Event: meta.Name, Value: value(result[0].MethodByName("Value").Call(nil)[0])}
		if meta.ID != "" {
			e.ID = &meta.ID
		}
		if a.Events = append(a.Events, e); len(a.Events) == c.Options.StopAfter {
			break
		}
		time.Sleep(milliseconds(c.Options.PauseMs))
	}
	if err := stream.Err(); err != nil {
		a.Error = describe(err)
	}
	stream.Close()
	if cursor := stream.LastEventID(); cursor != "" {
		a.Cursor = &cursor
	}
	return a
}

func value(message reflect.Value) json.RawMessage {
	text, err := protojson.Marshal(message.Interface().(proto.Message))
	if err != nil {
		panic(err)
	}
	return text
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func (r retry) policy() sse.RetryPolicy {
	p := sse.RetryPolicy{InitialDelay: milliseconds(r.InitialDelayMs), MaxDelay: milliseconds(r.MaxDelayMs), MaxRetryAfter: milliseconds(r.MaxRetryAfterMs)}
	if r.MaxAttempts != nil {
		if p.MaxAttempts = *r.MaxAttempts; p.MaxAttempts == 0 {
			p.MaxAttempts = -1
		}
	}
	return p
}

// values returns the context and the options of a call.
func (o options) values(method string) (context.Context, []any) {
	ctx := context.Background()
	var opts []any
	if o.DeadlineMs > 0 {
		ctx, _ = context.WithTimeout(ctx, milliseconds(o.DeadlineMs))
	}
	if o.TimeoutMs > 0 && (method == "Get" || method == "Put") {
		ctx, _ = context.WithTimeout(ctx, milliseconds(o.TimeoutMs))
	} else if o.TimeoutMs > 0 {
		opts = append(opts, sse.ConnectTimeout(milliseconds(o.TimeoutMs)))
	}
	if o.ConnectTimeoutMs > 0 {
		opts = append(opts, sse.ConnectTimeout(milliseconds(o.ConnectTimeoutMs)))
	}
	switch idle := o.IdleTimeoutMs.(type) {
	case float64:
		opts = append(opts, sse.IdleTimeout(milliseconds(int(idle))))
	case bool:
		opts = append(opts, sse.IdleTimeout(0))
	}
	if o.LastEventID != "" {
		opts = append(opts, sse.LastEventID(o.LastEventID))
	}
	switch string(o.Reconnect) {
	case "":
	case "false":
		opts = append(opts, sse.NoReconnect())
	case "true":
		opts = append(opts, sse.Reconnect(sse.ReconnectPolicy{}))
	default:
		var r retry
		if err := json.Unmarshal(o.Reconnect, &r); err != nil {
			panic(err)
		}
		opts = append(opts, sse.Reconnect(sse.ReconnectPolicy{RetryPolicy: r.policy(), AfterEnd: r.AfterEnd}))
	}
	if o.Retry != nil {
		opts = append(opts, sse.Retry(o.Retry.policy()))
	}
	if o.MaxEventBytes > 0 {
		opts = append(opts, sse.MaxEventBytes(o.MaxEventBytes))
	}
	if o.UnknownEvents == "throw" {
		opts = append(opts, sse.UnknownEventsFail())
	}
	if o.InvalidEvents == "skip" {
		opts = append(opts, sse.SkipInvalidEvents())
	}
	if o.RequireEnd {
		opts = append(opts, sse.RequireEnd())
	}
	if o.Format == "jsonl" {
		opts = append(opts, sse.JSONLines())
	}
	for name, value := range o.Headers {
		opts = append(opts, sse.Header(name, value))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Query)) {
		opts = append(opts, sse.Query(name, o.Query[name]))
	}
	return ctx, opts
}

// describe names the class of an error, and its properties.
func describe(err error) map[string]any {
	d := map[string]any{"code": 0, "message": err.Error()}
	var place *sse.StreamError
	if errors.As(err, &place) {
		d["phase"], d["attempt"] = place.Phase, place.Attempt
		if place.LastEventID != "" {
			d["lastEventId"] = place.LastEventID
		}
		err = place.Err
	}
	switch e := err.(type) {
	case *sse.Error:
		details := []string{}
		for _, raw := range e.RawDetails {
			var detail struct {
				Type string `json:"@type"`
			}
			_ = json.Unmarshal(raw, &detail)
			details = append(details, detail.Type)
		}
		d["kind"], d["code"], d["status"], d["message"], d["details"] = "status", e.Code, e.Status, e.Message, details
	case *sse.RequestError:
		d["kind"] = "request"
	case *sse.NetworkError:
		d["kind"] = "network"
	case *sse.TimeoutError:
		d["kind"], d["timeout"] = "timeout", e.Kind
	case *sse.ContentTypeError:
		d["kind"] = "content_type"
	case *sse.DecodeError:
		d["kind"] = "decode"
	case *sse.ReconnectError:
		d["kind"] = "reconnect"
	default:
		switch {
		case errors.Is(err, sse.ErrTruncated):
			d["kind"] = "truncated"
		case errors.Is(err, sse.ErrEventTooLarge):
			d["kind"] = "event_too_large"
		case errors.Is(err, context.DeadlineExceeded):
			d["kind"], d["timeout"] = "timeout", "deadline"
		}
	}
	return d
}
