"""The runtime of clients that protoc-gen-sse generates. Import from `sse.runtime.client`."""
