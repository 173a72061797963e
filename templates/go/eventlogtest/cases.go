package eventlogtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"protoc-gen-sse/go/sse"
)

type namedCase struct {
	name string
	run  func(r *run)
}

var cases = []namedCase{
	{"append gives every entry a cursor of its own", func(r *run) {
		cursors := r.appendAll(r.open(), topic, numbers(0, 20))
		for _, cursor := range cursors {
			if !isCursor(cursor) {
				fail("cursor %q is not 1 to 64 visible ASCII characters", cursor)
			}
		}
		slices.Sort(cursors)
		equal("number of distinct cursors", []int{len(slices.Compact(cursors))}, []int{20})
	}},

	{"read gives the entries strictly after a cursor, in order", func(r *run) {
		log := r.open()
		beginning := r.tip(log, topic)
		cursors := r.appendAll(log, topic, numbers(0, 10))
		all := r.read(log, topic, beginning, 100)
		equal("after the beginning", textsOf(all), numbers(0, 10))
		equal("cursors of the entries", cursorsOf(all), cursors)
		for i, cursor := range cursors {
			equal(fmt.Sprintf("after entry %d", i), textsOf(r.read(log, topic, cursor, 100)), numbers(0, 10)[i+1:])
		}
	}},

	{"data comes back byte for byte, also when it is empty", func(r *run) {
		log := r.open()
		beginning := r.tip(log, topic)
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		data := []string{"", string(every), strings.Repeat("\xff", 100_000)}
		r.appendAll(log, topic, data)
		equal("data", textsOf(r.read(log, topic, beginning, 10)), data)
	}},

	{"append takes the data as it is at the call", func(r *run) {
		log := r.open()
		beginning := r.tip(log, topic)
		data := []byte("before")
		must("Append", func(ctx context.Context) (string, error) { return log.Append(ctx, topic, data, "") })
		copy(data, bytes.Repeat([]byte{0}, len(data)))
		equal("data", textsOf(r.read(log, topic, beginning, 1)), []string{"before"})
	}},

	{"read gives nothing at the end", func(r *run) {
		log := r.open()
		equal("of a topic without entries", textsOf(r.read(log, topic, r.tip(log, topic), 10)), nil)
		cursor := r.append(log, topic, "one", "")
		equal("after the last entry", textsOf(r.read(log, topic, cursor, 10)), nil)
	}},

	{"read gives no more than the limit, and pages join", func(r *run) {
		log := r.open()
		cursor := r.tip(log, topic)
		r.appendAll(log, topic, numbers(0, 25))
		var sizes []int
		var seen []string
		for _, limit := range []int{1, 2, 10, 7, 5, 5} {
			page := r.read(log, topic, cursor, limit)
			sizes = append(sizes, len(page))
			seen = append(seen, textsOf(page)...)
			if len(page) > 0 {
				cursor = page[len(page)-1].Cursor
			}
		}
		equal("sizes of the pages", sizes, []int{1, 2, 10, 7, 5, 0})
		equal("entries", seen, numbers(0, 25))
	}},

	{"tip is the cursor of the last entry", func(r *run) {
		log := r.open()
		for _, text := range numbers(0, 3) {
			equal("tip", []string{r.append(log, topic, text, "")}, []string{r.tip(log, topic)})
		}
	}},

	{"tip of a topic without entries stands before the first one", func(r *run) {
		log := r.open()
		r.appendAll(log, "another topic", numbers(0, 3))
		beginning := r.tip(log, topic)
		if !isCursor(beginning) {
			fail("cursor %q is not 1 to 64 visible ASCII characters", beginning)
		}
		r.appendAll(log, "another topic", numbers(0, 3))
		r.appendAll(log, topic, numbers(0, 3))
		equal("after the beginning", textsOf(r.read(log, topic, beginning, 10)), numbers(0, 3))
	}},

	{"a cursor whose entry was trimmed is refused, and so is the beginning", func(r *run) {
		log := r.openWith("", 10)
		beginning := r.tip(log, topic)
		first := r.append(log, topic, "first", "")
		r.trim(log, first)
		last := r.append(log, topic, "last", "")
		for _, cursor := range []string{beginning, first} {
			r.refuses(log, topic, cursor, sse.GapTrimmed)
		}
		equal("tip", []string{r.tip(log, topic)}, []string{last})
		equal("after the last entry", textsOf(r.read(log, topic, last, 10)), nil)
	}},

	{"no page leaves out what was trimmed", func(r *run) {
		log := r.openWith("", 10)
		cursor, next := r.append(log, topic, "0", ""), 1
		// The reader is slower than the writer, until its place is gone.
		for round := range 200 {
			r.appendAll(log, topic, numbers(50*round+1, 50))
			page, err := within("Read", func(ctx context.Context) ([]sse.Entry, error) { return log.Read(ctx, topic, cursor, 5) })
			if err != nil {
				isGap("Read returned", err, []sse.GapReason{sse.GapTrimmed})
				return
			}
			equal("page", textsOf(page), numbers(next, 5))
			next, cursor = next+5, page[4].Cursor
		}
		fail("10,000 entries were appended, Keep.Events is 10, and nothing was trimmed")
	}},

	// Both may be numbered alike, as by time: the cursor itself has to say which topic it is of.
	{"a cursor of another topic is refused", func(r *run) {
		log := r.open()
		names := []string{"trades:AAPL", "trades:MSFT"}
		cursors := make([][2]string, 100)
		var all sync.WaitGroup
		for i := range cursors {
			for j, name := range names {
				all.Add(1)
				go func() {
					defer all.Done()
					cursors[i][j], _ = log.Append(context.Background(), name, []byte{byte(i)}, "")
				}()
			}
		}
		all.Wait()
		for _, pair := range cursors {
			for j := range names {
				_, err := within("Read", func(ctx context.Context) ([]sse.Entry, error) { return log.Read(ctx, names[1-j], pair[j], 1) })
				isGap("Read returned", err, nil)
			}
		}
		r.refuses(log, names[1], cursors[0][0])
		r.refuses(log, "a topic without entries", cursors[0][0])
	}},

	{"a cursor of a log that was lost is refused", func(r *run) {
		lost := r.open()
		cursors := r.appendAll(lost, topic, numbers(0, 10))
		time.Sleep(20 * time.Millisecond)
		log := r.openWith("anew", 10_000)
		r.refuses(log, topic, cursors[4])
		for range 2 {
			r.appendAll(log, topic, numbers(0, 8))
			for _, cursor := range cursors {
				r.refuses(log, topic, cursor)
			}
		}
	}},

	{"an invalid cursor is refused", func(r *run) {
		log := r.open()
		cursor := r.append(log, topic, "one", "")
		for _, text := range []string{
			"", " ", "?", "x", "-", "-1", "1.5", "NaN", "0x10", "a b", "é", "\n", "*", "$", ">", "+", "(1",
			cursor + "0", cursor + " ", " " + cursor, cursor + "\n", "x" + cursor, cursor[:len(cursor)-1], cursor[1:],
			strings.Repeat("9", 64), strings.Repeat("1", 20_000),
		} {
			r.refuses(log, topic, text)
		}
	}},

	{"a key that is repeated appends nothing", func(r *run) {
		log := r.open()
		beginning := r.tip(log, topic)
		first := r.append(log, topic, "one", "k1")
		r.append(log, topic, "two", "k2")
		equal("cursor of the repeated key", []string{r.append(log, topic, "one again", "k1")}, []string{first})
		r.append(log, topic, "three", "")
		r.append(log, topic, "three", "")
		r.append(log, "another topic", "one", "k1")
		equal("entries", textsOf(r.read(log, topic, beginning, 10)), []string{"one", "two", "three", "three"})
		if r.tip(log, "another topic") == first {
			fail("the same key in another topic gave the same cursor")
		}
	}},

	{"no two names of topics share entries, whatever characters they have", func(r *run) {
		log := r.open()
		names := []string{"a", "A", "a.b", "a b", "a_b", "a:b", "a/b", "a%2Eb", "*", ">", "a.*", "a.>", "{a}", "{a", "a}b", "$a", "é", "日本", "a\n", "🙂"}
		var tails []*following
		for _, name := range names {
			tails = append(tails, r.follow(log, name, r.tip(log, name)))
		}
		for _, name := range names {
			r.append(log, name, name, "")
		}
		for i, name := range names {
			tails[i].until(name)
			_, texts := tails[i].seen()
			equal("entries of "+name, texts, []string{name})
		}
	}},
}

var sharedCases = []namedCase{
	{"what one node appends, another reads and follows", func(r *run) {
		a, b := r.open(), r.open()
		tail := r.follow(b, topic, r.tip(b, topic))
		cursors := r.appendAll(a, topic, numbers(0, 10))
		tail.until("9")
		seen, _ := tail.seen()
		equal("cursors of the tail", seen, cursors)
		equal("after a cursor of the other node", textsOf(r.read(b, topic, cursors[3], 100)), numbers(4, 6))
		equal("tip", []string{r.tip(b, topic)}, []string{r.tip(a, topic)})
	}},

	{"one order for all nodes under concurrent appends", func(r *run) { r.concurrent(r.open(), r.open()) }},

	{"a key that is repeated at another node appends nothing", func(r *run) {
		a, b := r.open(), r.open()
		cursor := r.append(a, topic, "one", "k1")
		equal("cursor", []string{r.append(b, topic, "one", "k1")}, []string{cursor})
		equal("tip", []string{r.tip(b, topic)}, []string{cursor})
	}},

	{"the entries outlive the node that appended them", func(r *run) {
		a := r.open()
		beginning := r.tip(a, topic)
		cursors := r.appendAll(a, topic, numbers(0, 5))
		if closer, ok := a.(io.Closer); ok {
			_ = closer.Close()
		}
		b := r.open()
		equal("after the beginning", textsOf(r.read(b, topic, beginning, 10)), numbers(0, 5))
		equal("after the first entry", textsOf(r.read(b, topic, cursors[0], 10)), numbers(1, 4))
	}},
}
