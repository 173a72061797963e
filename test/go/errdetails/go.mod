module protoc-gen-sse/go/errdetails

go 1.26.0

require (
	buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go v1.36.12-20260825204119-511051f7f437.2
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260819154853-08b0e4226688
	google.golang.org/protobuf v1.36.12
	protoc-gen-sse/go v0.0.0
)

replace protoc-gen-sse/go => ../../../templates/go
