package eventlogtest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"protoc-gen-sse/go/sse"
)

var tailCases = []namedCase{
	{"one order for all under concurrent appends", func(r *run) { r.concurrent(r.open()) }},

	{"a tail gets the entries after its cursor, and then the new ones", func(r *run) {
		log := r.open()
		beginning := r.tip(log, topic)
		cursors := r.appendAll(log, topic, numbers(0, 4))
		all := r.follow(log, topic, beginning)
		some := r.follow(log, topic, cursors[1])
		none := r.follow(log, topic, r.tip(log, topic))
		r.appendAll(log, topic, numbers(4, 4))
		for tail, want := range map[*following][]string{all: numbers(0, 8), some: numbers(2, 6), none: numbers(4, 4)} {
			tail.until("7")
			_, texts := tail.seen()
			equal("entries of a tail", texts, want)
		}
		seen, _ := all.seen()
		equal("cursors", seen, cursorsOf(r.read(log, topic, beginning, 100)))
	}},

	{"a tail that begins while entries are appended misses none and repeats none", func(r *run) {
		log := r.open()
		beginning := r.tip(log, topic)
		appended := make(chan struct{})
		go func() {
			defer close(appended)
			for _, text := range numbers(0, 500) {
				_, _ = log.Append(context.Background(), topic, []byte(text), "")
			}
		}()
		var tails []*following
		for range 20 {
			tails = append(tails, r.follow(log, topic, r.tip(log, topic)))
			time.Sleep(time.Millisecond)
		}
		<-appended
		r.append(log, topic, "end", "")
		all := append([]string{beginning}, cursorsOf(r.read(log, topic, beginning, 1000))...)
		equal("number of entries", []int{len(all)}, []int{502})
		for _, tail := range tails {
			tail.until("end")
			cursors, _ := tail.seen()
			equal("cursors of a tail", cursors, all[slices.Index(all, tail.after)+1:])
		}
	}},

	{"each of many tails gets the entries of its own topic", func(r *run) {
		log := r.open()
		var tails []*following
		names := numbers(0, 200)
		for _, name := range names {
			tails = append(tails, r.follow(log, name, r.tip(log, name)))
		}
		for _, name := range names {
			r.appendAll(log, name, []string{name + " a", name + " b"})
		}
		for i, name := range names {
			tails[i].until(name + " b")
			_, texts := tails[i].seen()
			equal("entries of "+name, texts, []string{name + " a", name + " b"})
		}
	}},

	{"a tail that was ended gets nothing more, and the others continue", func(r *run) {
		log := r.open()
		beginning := r.tip(log, topic)
		ended, other := r.follow(log, topic, beginning), r.follow(log, topic, beginning)
		first := r.append(log, topic, "one", "")
		ended.until("one")
		ended.stop()
		if err := ended.end(); err != context.Canceled {
			fail("Tail returned %v: return the cause of the context", err)
		}
		r.append(log, topic, "two", "")
		other.until("two")
		again := r.follow(log, topic, first)
		again.until("two")
		r.append(log, topic, "three", "")
		for tail, want := range map[*following][]string{other: {"one", "two", "three"}, again: {"two", "three"}} {
			tail.until("three")
			_, texts := tail.seen()
			equal("entries of a tail", texts, want)
		}
		_, texts := ended.seen()
		equal("entries of the tail that was ended", texts, []string{"one"})
	}},

	{"a function of a tail may append, and end its own tail", func(r *run) {
		log := r.open()
		beginning := r.tip(log, topic)
		other := r.follow(log, topic, beginning)
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		heard, ended := 0, make(chan struct{})
		go func() {
			defer close(ended)
			_ = log.Tail(ctx, topic, beginning, func(entries []sse.Entry) {
				heard += len(entries)
				stop()
				_, _ = log.Append(context.Background(), topic, []byte("two"), "")
			})
		}()
		r.append(log, topic, "one", "")
		other.until("two")
		must("Tail", func(context.Context) (bool, error) { <-ended; return true, nil })
		_, texts := other.seen()
		equal("entries of another tail", texts, []string{"one", "two"})
		equal("entries of the tail that ended itself", []int{heard}, []int{1})
	}},

	{"close ends all tails, and later calls are refused", func(r *run) {
		log := r.open()
		closer, ok := log.(io.Closer)
		if !ok {
			return
		}
		cursor := r.append(log, topic, "one", "")
		tails := []*following{r.follow(log, topic, cursor), r.follow(log, "another topic", r.tip(log, "another topic"))}
		r.append(log, topic, "two", "")
		tails[0].until("two")
		for range 2 {
			must("Close", func(context.Context) (bool, error) { return true, closer.Close() })
		}
		for _, tail := range tails {
			isClosed("Tail", tail.end())
		}
		_, err := within("Append", func(ctx context.Context) (string, error) { return log.Append(ctx, topic, nil, "") })
		isClosed("Append", err)
		_, err = within("Tip", func(ctx context.Context) (string, error) { return log.Tip(ctx, topic) })
		isClosed("Tip", err)
		_, err = within("Read", func(ctx context.Context) ([]sse.Entry, error) { return log.Read(ctx, topic, cursor, 1) })
		isClosed("Read", err)
		isClosed("Tail", r.follow(log, topic, cursor).end())
	}},
}

// concurrent has four publishers at each log, with 250 entries each: every reader and every tail has them
// all, in one order.
func (r *run) concurrent(logs ...sse.EventLog) {
	beginning := r.tip(logs[0], topic)
	var tails []*following
	given := make([][]string, 4*len(logs))
	var all sync.WaitGroup
	for i, log := range logs {
		tails = append(tails, r.follow(log, topic, beginning))
		for p := 4 * i; p < 4*i+4; p++ {
			all.Add(1)
			go func() {
				defer all.Done()
				// One after the other: the order of a publisher is kept.
				for n := range 250 {
					cursor, _ := log.Append(context.Background(), topic, fmt.Appendf(nil, "%d %d", p, n), "")
					given[p] = append(given[p], cursor)
				}
			}()
		}
	}
	all.Wait()
	r.append(logs[0], topic, "end", "")
	entries := r.read(logs[0], topic, beginning, 10_000)
	equal("number of entries", []int{len(entries)}, []int{1000*len(logs) + 1})
	for p, cursors := range given {
		var own, texts []string
		for _, entry := range entries {
			if strings.HasPrefix(string(entry.Data), fmt.Sprintf("%d ", p)) {
				own, texts = append(own, entry.Cursor), append(texts, string(entry.Data))
			}
		}
		equal("cursors that one publisher was given", own, cursors)
		for n, text := range texts {
			equal("order of one publisher", []string{text}, []string{fmt.Sprintf("%d %d", p, n)})
		}
	}
	for _, tail := range tails {
		tail.until("end")
		cursors, _ := tail.seen()
		equal("order of a tail", cursors, cursorsOf(entries))
	}
}
