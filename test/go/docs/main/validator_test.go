package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	marketv1 "example.com/docs/market/v1"
	"example.com/docs/market/v1/marketv1sse"
	"example.com/docs/sse"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// withRule returns a message whose field n is 1 and has a rule.
func withRule(t *testing.T, expression string) proto.Message {
	t.Helper()
	options := &descriptorpb.FieldOptions{}
	proto.SetExtension(options, validate.E_Field, &validate.FieldRules{Cel: []*validate.Rule{{
		Id: proto.String("rule"), Message: proto.String("must be more"), Expression: &expression,
	}}})
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("rule.proto"), Syntax: proto.String("proto3"), Dependency: []string{"buf/validate/validate.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Rule"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: proto.String("n"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_INT32.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Options: options,
		}}}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	message := dynamicpb.NewMessage(file.Messages().Get(0))
	message.Set(message.Descriptor().Fields().Get(0), protoreflect.ValueOfInt32(1))
	return message
}

// A rule that cannot be compiled or run is not a mistake of the client, and no event is skipped for it.
func TestRulesOfProtovalidate(t *testing.T) {
	plain := httptest.NewServer(sse.NewHandler(marketv1sse.NewMarketService(quotes{})))
	defer plain.Close()
	for expression, want := range map[string]string{
		"this > 1": `"field":"n"`, "1 / (this - this) > 0": "internal error", "unknown(this)": "internal error",
	} {
		rule := withRule(t, expression)
		validator := func(proto.Message) error { return protovalidate.Validate(rule) }
		handler := sse.NewHandler(marketv1sse.NewMarketService(quotes{}), sse.WithValidator(validator), sse.WithErrorHook(nil))
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequest("GET", "/v1/quotes/A", nil))
		if text := response.Body.String(); !strings.Contains(strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(want, " ", "")) {
			t.Errorf("%s: %s", expression, text)
		}
		onEvents := func(m proto.Message) error {
			if _, ok := m.(*marketv1.Trade); ok {
				return validator(m)
			}
			return nil
		}
		client := marketv1sse.NewMarketServiceClient(plain.URL, sse.WithValidator(onEvents), sse.SkipInvalidEvents())
		stream := client.WatchTrades(t.Context(), &marketv1.WatchTradesRequest{Symbol: "A"})
		isSkipped := !stream.Next() && stream.Err() == nil
		if isSkipped != (expression == "this > 1") {
			t.Errorf("%s: skipped %v, %v", expression, isSkipped, stream.Err())
		}
	}
}

type quotes struct {
	marketv1sse.UnimplementedMarketServiceHandler
}

func (quotes) WatchTrades(_ context.Context, _ *marketv1.WatchTradesRequest, stream *sse.Sender[*marketv1.Trade]) error {
	return stream.Send(&marketv1.Trade{Sequence: 1})
}
