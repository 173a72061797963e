package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"time"

	gosse "github.com/tmaxmax/go-sse"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
	"protoc-gen-sse/go/sse"

	"google.golang.org/protobuf/encoding/protojson"
)

const events = 200_000

// sendTrades sends all events with our runtime.
func sendTrades(_ context.Context, s *sse.Sender[*marketv1.Trade]) error {
	for i := range events {
		if err := s.Send(trade(i)); err != nil {
			return err
		}
	}
	return nil
}

// sendWithGoSSE sends all events with a session of go-sse, as its guide shows.
func sendWithGoSSE(w http.ResponseWriter, r *http.Request) {
	session, err := gosse.Upgrade(w, r)
	check(err)
	for i := range events {
		if errors.Join(session.Send(message(trade(i))), session.Flush()) != nil {
			return // the client has gone
		}
	}
}

// message is an event of go-sse.
func message(m *marketv1.Trade) *gosse.Message {
	text, err := protojson.Marshal(m)
	check(err)
	event := &gosse.Message{ID: gosse.ID(strconv.FormatInt(m.Sequence, 10))}
	event.AppendData(string(text))
	return event
}

// burst is a server that sends all events to a client in another process.
func burst(handler http.Handler) func() costs {
	return func() costs {
		url, close := serve(handler)
		defer close()
		var got string
		time := cpuOf(time.Microsecond, events, func() {
			lines, wait := client("read", url+tradesPath)
			lines.Scan()
			got = lines.Text()
			wait()
		})
		if got != fmt.Sprint(events) {
			fail(fmt.Errorf("the client got %s events of %d", got, events))
		}
		return costs{"time": time}
	}
}

// watchAll reads a stream with our client, and returns the number of its events.
func watchAll(url string, take func(*marketv1.Trade) bool, opts ...sse.StreamOption) (n int, err error) {
	transport := sse.NewTransport(url)
	stream := sse.CallStream[*marketv1.Trade](context.Background(), transport, &watchTrades, &marketv1.WatchTradesRequest{Symbol: "AAPL"}, opts)
	for trade, err := range stream.All() {
		if err != nil {
			return n, err
		}
		n++
		if !take(trade) {
			break
		}
	}
	return n, nil
}

func init() {
	subjects["burst: ours"] = burst(tradesHandler(sendTrades))
	subjects["burst: a flush an event"] = burst(rawHandler(func(w http.ResponseWriter, flush func() error, _ *http.Request) error {
		for i := range events {
			if err := errors.Join(writeTrade(w, trade(i)), flush()); err != nil {
				return err
			}
		}
		return nil
	}))
	// What net/http does with its buffer of 4 KiB: a lone event would wait in it.
	subjects["burst: never flushed"] = burst(rawHandler(func(w http.ResponseWriter, _ func() error, _ *http.Request) error {
		for i := range events {
			if err := writeTrade(w, trade(i)); err != nil {
				return err
			}
		}
		return nil
	}))
	subjects["burst: go-sse"] = burst(http.HandlerFunc(sendWithGoSSE))

	subjects["both: ours"] = func() costs {
		url, close := serve(tradesHandler(sendTrades))
		defer close()
		return costs{"time": cpuOf(time.Microsecond, events, func() {
			n, err := watchAll(url, func(*marketv1.Trade) bool { return true })
			check(err)
			if n != events {
				fail(fmt.Errorf("%d events", n))
			}
		})}
	}
	subjects["both: protojson"] = func() costs {
		return costs{"time": cpuOf(time.Microsecond, events, func() {
			for i := range events {
				text, err := protojson.Marshal(trade(i))
				check(err)
				check(protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, &marketv1.Trade{}))
			}
		})}
	}
	// The same server and client by hand, as far as they go: no reconnection, no limits, no hooks.
	subjects["both: go-sse"] = func() costs {
		url, close := serve(http.HandlerFunc(sendWithGoSSE))
		defer close()
		return costs{"time": cpuOf(time.Microsecond, events, func() {
			response, err := http.Get(url)
			check(err)
			defer response.Body.Close()
			n := 0
			for event, err := range gosse.Read(response.Body, nil) {
				check(err)
				check(protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal([]byte(event.Data), &marketv1.Trade{}))
				n++
			}
			if n != events {
				fail(fmt.Errorf("%d events", n))
			}
		})}
	}

	subjects["streams that were left"] = func() costs {
		const left = 50
		url, close := serve(tradesHandler(func(ctx context.Context, s *sse.Sender[*marketv1.Trade]) error {
			for i := 0; ; i++ {
				if err := s.Send(trade(i)); err != nil {
					return err
				}
			}
		}))
		leave := func() {
			n, err := watchAll(url, func(*marketv1.Trade) bool { return false })
			check(err)
			if n != 1 {
				fail(fmt.Errorf("%d events", n))
			}
		}
		leave()
		settled := settledGoroutines()
		for range left {
			leave()
		}
		more := settledGoroutines() - settled
		close()
		return costs{"goroutines": float64(more)}
	}
	subjects["a silent server"] = func() costs {
		const promised = 200 * time.Millisecond
		url, close := serve(rawHandler(func(w http.ResponseWriter, flush func() error, r *http.Request) error {
			fmt.Fprintf(w, ":sse/1 heartbeat=%d end\n", promised.Milliseconds())
			check(flush())
			<-r.Context().Done()
			return nil
		}))
		defer close()
		start := time.Now()
		_, err := watchAll(url, func(*marketv1.Trade) bool { return true }, sse.NoReconnect())
		waited := time.Since(start)
		var timeout *sse.TimeoutError
		if !errors.As(err, &timeout) {
			fail(fmt.Errorf("no TimeoutError: %v", err))
		}
		if waited < timeout.After {
			fail(fmt.Errorf("failed after %v with %v", waited, err))
		}
		// The limit, and what a loaded machine added to it.
		return costs{"limit": float64(timeout.After) / float64(promised), "clock": float64(waited) / float64(promised)}
	}
}

// settledGoroutines returns the number of goroutines once it does not fall any more.
func settledGoroutines() int {
	n := runtime.NumGoroutine()
	for same := 0; same < 20; same++ {
		time.Sleep(10 * time.Millisecond)
		if now := runtime.NumGoroutine(); now != n {
			n, same = now, 0
		}
	}
	return n
}
