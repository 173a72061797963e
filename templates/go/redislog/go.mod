module protoc-gen-sse/go/redislog

go 1.23

require (
	github.com/redis/go-redis/v9 v9.7.3
	protoc-gen-sse/go v0.0.0
)

require (
	github.com/cespare/xxhash/v2 v2.2.0 // indirect
	github.com/dgryski/go-rendezvous v0.0.0-20200823014737-9f7001d12a5f // indirect
	google.golang.org/protobuf v1.36.10 // indirect
)

replace protoc-gen-sse/go => ../
