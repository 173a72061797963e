module protoc-gen-sse/go/bench

go 1.26.0

require (
	connectrpc.com/connect v1.21.1
	github.com/launchdarkly/eventsource v1.11.0
	github.com/tmaxmax/go-sse v0.11.0
	google.golang.org/protobuf v1.36.11
	protoc-gen-sse/go v0.0.0
)

replace protoc-gen-sse/go => ../../templates/go
