// Package sse is the runtime of clients and servers that protoc-gen-sse generates: unary methods
// over HTTP and JSON, and streams over Server-Sent Events or JSON Lines.
//
// A client is made by generated code, with options such as WithHTTPClient and WithHeaders. Its
// streams are of type Stream; they reconnect and resume where the method is resumable.
//
// A server is a Handler of one or more services. It is an http.Handler, so it takes the middleware
// of net/http. The handler of a stream sends events with a Sender. A Topic or a LogTopic feeds many
// streams at once.
package sse
