package eventlogtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"protoc-gen-sse/go/sse"
)

// following is what a tail received.
type following struct {
	after string
	stop  context.CancelFunc
	// done is closed when Tail has returned.
	done chan struct{}

	mu      sync.Mutex
	cursors []string
	texts   []string
	err     error
	wrong   string
	changed chan struct{}
}

func (r *run) follow(log sse.EventLog, name, after string) *following {
	ctx, stop := context.WithCancel(context.Background())
	f := &following{after: after, stop: stop, done: make(chan struct{}), changed: make(chan struct{})}
	r.tails = append(r.tails, f)
	go func() {
		err := log.Tail(ctx, name, after, f.deliver)
		f.mu.Lock()
		f.err = err
		f.mu.Unlock()
		close(f.done)
	}()
	return f
}

func (f *following) deliver(entries []sse.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.done:
		f.wrong = "a tail received entries after it had returned"
	default:
	}
	if len(entries) == 0 {
		f.wrong = "a tail received no entries"
	}
	f.cursors = append(f.cursors, cursorsOf(entries)...)
	f.texts = append(f.texts, textsOf(entries)...)
	close(f.changed)
	f.changed = make(chan struct{})
}

// seen returns what the tail has received.
func (f *following) seen() (cursors, texts []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wrong != "" {
		fail("%s", f.wrong)
	}
	return slices.Clone(f.cursors), slices.Clone(f.texts)
}

// until waits for an entry.
func (f *following) until(text string) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		f.mu.Lock()
		has, count, changed := slices.Contains(f.texts, text), len(f.texts), f.changed
		f.mu.Unlock()
		if has {
			return
		}
		select {
		case <-changed:
		case <-f.done:
			fail("the tail ended: %w", f.err)
		case <-timer.C:
			fail("the tail did not receive %q within %v; it has %d entries", text, limit, count)
		}
	}
}

// end waits until the tail has returned.
func (f *following) end() error {
	select {
	case <-f.done:
		return f.err
	case <-time.After(limit):
		fail("the tail did not end within %v", limit)
		return nil
	}
}
