package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"

	"example.com/conformance/conformance/v1"
	"example.com/conformance/sse"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
)

// service does the steps of its requests.
type service struct{}

func (service) Get(ctx context.Context, req *conformancev1.Request) (*conformancev1.Item, error) {
	return answer(ctx, "Get", req, &conformancev1.Item{})
}

func (service) Put(ctx context.Context, req *conformancev1.Request) (*conformancev1.Envelope, error) {
	return answer(ctx, "Put", req, &conformancev1.Envelope{})
}

func (service) Watch(ctx context.Context, req *conformancev1.Request, stream *sse.Sender[*conformancev1.Item]) error {
	return play(ctx, "Watch", req, stream)
}

func (service) Ask(ctx context.Context, req *conformancev1.Request, stream *sse.Sender[*conformancev1.AskEvent]) error {
	return play(ctx, "Ask", req, stream)
}

func (service) Complete(ctx context.Context, req *conformancev1.Request, stream *sse.Sender[*conformancev1.Text]) error {
	return play(ctx, "Complete", req, stream)
}

func (service) Report(ctx context.Context, req *conformancev1.Request, stream *sse.Sender[*conformancev1.Item]) error {
	return play(ctx, "Report", req, stream)
}

func (service) Converse(ctx context.Context, req *conformancev1.Request, stream *sse.Sender[*conformancev1.ConverseEvent]) error {
	return play(ctx, "Converse", req, stream)
}

func (service) Query(ctx context.Context, req *conformancev1.Params) (*emptypb.Empty, error) {
	return empty(ctx, "Query", req)
}

func (service) RenamedQuery(ctx context.Context, req *conformancev1.Renamed) (*emptypb.Empty, error) {
	return empty(ctx, "RenamedQuery", req)
}

func (service) ScalarsInPath(ctx context.Context, req *conformancev1.Params) (*emptypb.Empty, error) {
	return empty(ctx, "ScalarsInPath", req)
}

func (service) TextInPath(ctx context.Context, req *conformancev1.Params) (*emptypb.Empty, error) {
	return empty(ctx, "TextInPath", req)
}

func (service) SegmentsInPath(ctx context.Context, req *conformancev1.Params) (*emptypb.Empty, error) {
	return empty(ctx, "SegmentsInPath", req)
}

func (service) Body(ctx context.Context, req *conformancev1.Document) (*emptypb.Empty, error) {
	return empty(ctx, "Body", req)
}

func (service) PathAndBody(ctx context.Context, req *conformancev1.Params) (*emptypb.Empty, error) {
	return empty(ctx, "PathAndBody", req)
}

func (service) ScalarBody(ctx context.Context, req *conformancev1.Params) (*emptypb.Empty, error) {
	return empty(ctx, "ScalarBody", req)
}

// line is what is printed of a call.
type line struct {
	Call        string          `json:"call"`
	Method      string          `json:"method"`
	Request     json.RawMessage `json:"request"`
	LastEventID string          `json:"lastEventId,omitempty"`
	// Ended says why the context has ended; nil if it has not.
	Ended *string `json:"ended"`
	Sent  int     `json:"sent"`
}

var stdout sync.Mutex

func (l line) print(ctx context.Context, method string, req proto.Message) {
	l.Call = sse.RequestFrom(ctx).Header.Get("Conformance-Call")
	l.Method = method
	text, err := protojson.Marshal(req)
	check(err)
	l.Request = text
	if cause := context.Cause(ctx); cause != nil {
		reason := cause.Error()
		for err, name := range map[error]string{
			sse.ErrClientGone: "client", sse.ErrShutdown: "shutdown", sse.ErrSlowConsumer: "slow-consumer",
			context.DeadlineExceeded: "deadline",
		} {
			if errors.Is(cause, err) {
				reason = name
			}
		}
		l.Ended = &reason
	}
	stdout.Lock()
	defer stdout.Unlock()
	check(json.NewEncoder(os.Stdout).Encode(l))
}

func empty(ctx context.Context, method string, req proto.Message) (*emptypb.Empty, error) {
	defer func() { line{}.print(ctx, method, req) }()
	return &emptypb.Empty{}, nil
}

// answer returns the message that the steps send.
func answer[T proto.Message](ctx context.Context, method string, req *conformancev1.Request, message T) (T, error) {
	defer func() { line{}.print(ctx, method, req) }()
	err := follow(ctx, req, nil, func(send *conformancev1.Step_Send) error { return unmarshal(send.Message, message) })
	return message, err
}

// play sends the messages of the steps.
func play[T proto.Message](ctx context.Context, method string, req *conformancev1.Request, stream *sse.Sender[T]) error {
	var l line
	l.LastEventID, _ = stream.LastEventID()
	defer func() { l.print(ctx, method, req) }()
	return follow(ctx, req, stream.Open, func(send *conformancev1.Step_Send) error {
		var none T
		message := none.ProtoReflect().New().Interface().(T)
		if err := unmarshal(send.Message, message); err != nil {
			return err
		}
		for range max(send.Times, 1) {
			var err error
			if send.Id == nil {
				err = stream.Send(message)
			} else {
				err = stream.SendID(*send.Id, message)
			}
			if err != nil {
				return err
			}
			l.Sent++
		}
		return nil
	})
}

// follow does the steps of a request.
func follow(ctx context.Context, req *conformancev1.Request, open func() error, send func(*conformancev1.Step_Send) error) error {
	for _, text := range req.Steps {
		var step conformancev1.Step
		if err := protojson.Unmarshal([]byte(text), &step); err != nil {
			return err
		}
		var err error
		switch step := step.Step.(type) {
		case *conformancev1.Step_Send_:
			err = send(step.Send)
		case *conformancev1.Step_Sleep:
			err = sleep(ctx, milliseconds(int(step.Sleep)))
		case *conformancev1.Step_Header_:
			sse.ResponseHeader(ctx).Set(step.Header.Name, step.Header.Value)
		case *conformancev1.Step_Fail_:
			err = failure(step.Fail)
		case *conformancev1.Step_Panic:
			panic(step.Panic)
		case *conformancev1.Step_Open:
			err = open()
		case *conformancev1.Step_Wait:
			<-ctx.Done()
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func failure(fail *conformancev1.Step_Fail) error {
	e := sse.Errorf(sse.Code(fail.Code), "%s", fail.Message)
	for _, each := range fail.Details {
		detail := &anypb.Any{}
		if err := unmarshal(each, detail); err != nil {
			return err
		}
		e.Details = append(e.Details, detail)
	}
	return e
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// unmarshal reads a message whose JSON another message holds.
func unmarshal(from, to proto.Message) error {
	text, err := protojson.Marshal(from)
	if err != nil {
		return err
	}
	return protojson.Unmarshal(text, to)
}
