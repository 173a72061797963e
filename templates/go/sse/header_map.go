package sse

import (
	"context"
	"net/http"
	"sync"
)

// HeaderMap is an http.Header that several goroutines may use: the head of a stream may be sent while its
// handler sets headers. All names may be in any case.
type HeaderMap struct {
	mu     sync.Mutex
	header http.Header
}

// Get returns the first value of a header; empty if there is none.
func (h *HeaderMap) Get(name string) string { return h.Clone().Get(name) }

// Values returns all values of a header.
func (h *HeaderMap) Values(name string) []string { return h.Clone().Values(name) }

// Set sets a header to one value.
func (h *HeaderMap) Set(name, value string) { h.change().Set(name, value); h.mu.Unlock() }

// Add adds a value to a header.
func (h *HeaderMap) Add(name, value string) { h.change().Add(name, value); h.mu.Unlock() }

// Del removes a header.
func (h *HeaderMap) Del(name string) { h.change().Del(name); h.mu.Unlock() }

// Clone returns a copy of all headers. It is empty for a nil HeaderMap.
func (h *HeaderMap) Clone() http.Header {
	if h == nil {
		return http.Header{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.header == nil {
		return http.Header{}
	}
	return h.header.Clone()
}

// change locks the map.
func (h *HeaderMap) change() http.Header {
	h.mu.Lock()
	if h.header == nil {
		h.header = http.Header{}
	}
	return h.header
}

// ResponseHeader returns the headers of the response, for the context of a handler. Set them before the
// first event of a stream, and within the commit window: afterwards the head is sent, and what is set has no
// effect. Headers that only the runtime may set are ignored.
func ResponseHeader(ctx context.Context) *HeaderMap {
	if call, ok := ctx.Value(callKey{}).(*serverCall); ok {
		return &call.header
	}
	return &HeaderMap{}
}
