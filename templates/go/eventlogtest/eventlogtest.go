// Package eventlogtest has the tests that an implementation of sse.EventLog must pass.
package eventlogtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"protoc-gen-sse/go/sse"
)

// Options are how a case wants the log that it tests.
type Options struct {
	// Store is a name that no other case has. Logs with the same name share what they keep, if Shared is
	// set; all others are apart.
	Store string
	// Keep is how much to keep of a topic. A log may keep somewhat more.
	Keep sse.Retention
}

// Suite is what to test.
type Suite struct {
	// Open returns a log on a store that is empty at first. If it is an io.Closer, the suite closes it, and
	// tests what becomes of its calls.
	Open func(Options) (sse.EventLog, error)
	// Shared says that logs of one store see each other's entries, as those of several nodes do.
	Shared bool
}

// Case is one test.
type Case struct {
	Name string
	// Run returns what is wrong. It may take some seconds.
	Run func() error
}

// Cases returns the tests. Failures of a server and lost connections are not among them: test those for
// each implementation.
//
//	suite := eventlogtest.Suite{Open: func(o eventlogtest.Options) (sse.EventLog, error) { return newMyLog(o.Store, o.Keep), nil }}
//	for _, c := range suite.Cases() {
//		t.Run(c.Name, func(t *testing.T) {
//			if err := c.Run(); err != nil {
//				t.Fatal(err)
//			}
//		})
//	}
func (s Suite) Cases() []Case {
	all := slices.Concat(cases, tailCases)
	if s.Shared {
		all = slices.Concat(all, sharedCases)
	}
	var result []Case
	for _, c := range all {
		result = append(result, Case{c.name, func() (err error) {
			r := &run{suite: s, store: fmt.Sprintf("suite-%x", rand.Uint64())}
			defer r.close(&err)
			defer r.recover(&err)
			c.run(r)
			return nil
		}})
	}
	return result
}

// limit is how long a step may hang. It does not measure anything.
const limit = 20 * time.Second

const topic = "trades:AAPL"

// run is one run of a case. Its methods panic with a failure.
type run struct {
	suite Suite
	store string
	logs  []sse.EventLog
	tails []*following
}

type failure struct{ error }

func fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

func (r *run) recover(err *error) {
	switch cause := recover().(type) {
	case nil:
	case failure:
		*err = cause.error
	default:
		panic(cause)
	}
}

func (r *run) close(err *error) {
	for _, tail := range r.tails {
		tail.stop()
	}
	for _, log := range r.logs {
		if closer, ok := log.(io.Closer); ok {
			*err = errors.Join(*err, closer.Close())
		}
	}
}

func (r *run) open() sse.EventLog { return r.openWith("", 10_000) }

func (r *run) openWith(store string, events int) sse.EventLog {
	log, err := r.suite.Open(Options{Store: r.store + store, Keep: sse.Retention{Events: events, Age: time.Hour}})
	if err != nil {
		fail("the log was not opened: %w", err)
	}
	r.logs = append(r.logs, log)
	return log
}

// within runs a call, and fails if it does not end.
func within[T any](what string, call func(ctx context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := call(ctx)
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-time.After(limit + time.Second):
		fail("%s did not end within %v", what, limit)
		panic("unreachable")
	}
}

func must[T any](what string, call func(ctx context.Context) (T, error)) T {
	value, err := within(what, call)
	if err != nil {
		fail("%s failed: %w", what, err)
	}
	return value
}

func (r *run) tip(log sse.EventLog, name string) string {
	return must("Tip", func(ctx context.Context) (string, error) { return log.Tip(ctx, name) })
}

func (r *run) read(log sse.EventLog, name, after string, limit int) []sse.Entry {
	return must("Read", func(ctx context.Context) ([]sse.Entry, error) { return log.Read(ctx, name, after, limit) })
}

func (r *run) append(log sse.EventLog, name, text, key string) string {
	return must("Append", func(ctx context.Context) (string, error) { return log.Append(ctx, name, []byte(text), key) })
}

func (r *run) appendAll(log sse.EventLog, name string, texts []string) (cursors []string) {
	for _, text := range texts {
		cursors = append(cursors, r.append(log, name, text, ""))
	}
	return cursors
}

// trim appends until a cursor is refused, as a log may keep more than it is told.
func (r *run) trim(log sse.EventLog, cursor string) {
	for range 100 {
		var all sync.WaitGroup
		for _, text := range numbers(0, 100) {
			all.Add(1)
			go func() {
				defer all.Done()
				_, _ = log.Append(context.Background(), topic, []byte(text), "")
			}()
		}
		all.Wait()
		if _, err := within("Read", func(ctx context.Context) ([]sse.Entry, error) { return log.Read(ctx, topic, cursor, 1) }); err != nil {
			return
		}
	}
	fail("10,000 entries were appended, Keep.Events is 10, and nothing was trimmed")
}

// refuses fails unless Read and Tail both refuse a cursor.
func (r *run) refuses(log sse.EventLog, name, cursor string, reasons ...sse.GapReason) {
	entries, err := within("Read", func(ctx context.Context) ([]sse.Entry, error) { return log.Read(ctx, name, cursor, 10) })
	isGap(fmt.Sprintf("Read after %.100q returned %d entries and", cursor, len(entries)), err, reasons)
	_, err = within("Tail", func(ctx context.Context) (bool, error) {
		return false, log.Tail(ctx, name, cursor, func([]sse.Entry) {})
	})
	isGap(fmt.Sprintf("Tail after %.100q returned", cursor), err, reasons)
}

func isGap(what string, err error, reasons []sse.GapReason) {
	if len(reasons) == 0 {
		reasons = []sse.GapReason{sse.GapTrimmed, sse.GapFuture, sse.GapUnknown}
	}
	var gap *sse.CursorError
	if !errors.As(err, &gap) {
		fail("%s %v: return a *sse.CursorError", what, err)
	}
	if !slices.Contains(reasons, gap.Reason) {
		fail("%s the reason %q, expected %q", what, gap.Reason, reasons)
	}
}

func isClosed(what string, err error) {
	var status *sse.Error
	if !errors.As(err, &status) || status.Code != sse.Unavailable {
		fail("%s returned %v: return an *sse.Error with code 14 after Close", what, err)
	}
}

func equal[T comparable](what string, got, want []T) {
	if !slices.Equal(got, want) {
		fail("%s: got %.300s, expected %.300s", what, fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want))
	}
}

func isCursor(text string) bool {
	for _, c := range []byte(text) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return text != "" && len(text) <= 64
}

func numbers(from, count int) (texts []string) {
	for n := range count {
		texts = append(texts, strconv.Itoa(from+n))
	}
	return texts
}

func textsOf(entries []sse.Entry) (texts []string) {
	for _, entry := range entries {
		texts = append(texts, string(entry.Data))
	}
	return texts
}

func cursorsOf(entries []sse.Entry) (cursors []string) {
	for _, entry := range entries {
		cursors = append(cursors, entry.Cursor)
	}
	return cursors
}
