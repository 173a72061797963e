package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"time"

	gosse "github.com/tmaxmax/go-sse"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
	"protoc-gen-sse/go/sse"
)

const (
	watchers  = 500
	published = 100
	idle      = 1_000
)

// fanOut publishes one event after the other, each as soon as all clients have the one before. start
// makes the server, and what publishes an event.
func fanOut(start func() (http.Handler, func(*marketv1.Trade))) func() costs {
	return func() costs {
		handler, publish := start()
		url, close := serve(handler)
		defer close()
		lines, wait := client("watch", url+tradesPath, fmt.Sprint(watchers))
		expect(lines, "open")
		time.Sleep(500 * time.Millisecond) // go-sse subscribes after it has sent the head
		publishOne := func(i int) {
			publish(trade(i))
			expect(lines, "event")
		}
		publishOne(0)
		used := cpuOf(time.Microsecond, watchers*published, func() {
			for i := range published {
				publishOne(i)
			}
		})
		wait()
		return costs{"time": used}
	}
}

func expect(lines *bufio.Scanner, want string) {
	late := time.AfterFunc(time.Minute, func() { fail(fmt.Errorf("the clients did not say %q", want)) })
	defer late.Stop()
	if !lines.Scan() || lines.Text() != want {
		fail(fmt.Errorf("the clients said %q, not %q", lines.Text(), want))
	}
}

// memory opens streams that then wait, and returns what each holds in the heap and in stacks. It needs
// a fresh process.
func memory(handler http.Handler) func() costs {
	return func() costs {
		url, close := serve(handler)
		defer close()
		open := func(streams int) func() {
			lines, wait := client("watch", url+tradesPath, fmt.Sprint(streams))
			expect(lines, "open")
			return wait
		}
		few := open(50) // code and pools
		defer few()
		before := usedMemory()
		all := open(idle)
		defer all()
		return costs{"memory": (usedMemory() - before) / idle / 1024}
	}
}

// usedMemory returns the bytes of heap and stacks that stay in use.
func usedMemory() float64 {
	runtime.GC()
	runtime.GC() // what finalizers kept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// hub is the least that sends an event to all streams: a channel for each.
type hub struct {
	mu    sync.Mutex
	feeds map[chan []byte]bool
}

func (h *hub) publish(m *marketv1.Trade) {
	var b bytes.Buffer
	check(writeTrade(&b, m))
	h.mu.Lock()
	defer h.mu.Unlock()
	for feed := range h.feeds {
		feed <- b.Bytes()
	}
}

func (h *hub) watch(w http.ResponseWriter, flush func() error, r *http.Request) error {
	feed := make(chan []byte, 16)
	h.mu.Lock()
	h.feeds[feed] = true
	h.mu.Unlock()
	fmt.Fprint(w, ":sse/1 end\n")
	check(flush())
	for {
		select {
		case event := <-feed:
			if _, err := w.Write(event); err != nil {
				return err
			}
			if err := flush(); err != nil {
				return err
			}
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
}

func init() {
	subjects["topic: ours"] = fanOut(func() (http.Handler, func(*marketv1.Trade)) {
		topic := sse.NewTopic[*marketv1.Trade](sse.TopicOptions{IDField: "sequence"})
		serve := func(ctx context.Context, s *sse.Sender[*marketv1.Trade]) error { return topic.Serve(ctx, s, "") }
		return tradesHandler(serve), func(m *marketv1.Trade) { check(topic.Publish(m)) }
	})
	subjects["topic: by hand"] = fanOut(func() (http.Handler, func(*marketv1.Trade)) {
		all := &hub{feeds: map[chan []byte]bool{}}
		return rawHandler(all.watch), all.publish
	})
	subjects["topic: go-sse"] = fanOut(func() (http.Handler, func(*marketv1.Trade)) {
		// Its head leaves with the first event, unless something is written before.
		server := &gosse.Server{OnSession: func(w http.ResponseWriter, _ *http.Request) ([]string, bool) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, ":\n")
			return []string{gosse.DefaultTopic}, http.NewResponseController(w).Flush() == nil
		}}
		return server, func(m *marketv1.Trade) { check(server.Publish(message(m))) }
	})

	subjects["memory: ours"] = memory(tradesHandler(func(ctx context.Context, s *sse.Sender[*marketv1.Trade]) error {
		if err := s.Open(); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}))
	subjects["memory of a topic: ours"] = memory(tradesHandler(func(ctx context.Context, s *sse.Sender[*marketv1.Trade]) error {
		return idleTopic.Serve(ctx, s, "")
	}))
	subjects["memory: by hand"] = memory(rawHandler(func(w http.ResponseWriter, flush func() error, r *http.Request) error {
		fmt.Fprint(w, ":sse/1 end\n")
		check(flush())
		<-r.Context().Done()
		return nil
	}))
}

var idleTopic = sse.NewTopic[*marketv1.Trade](sse.TopicOptions{})
