package sse

import (
	"bytes"
	"context"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Retention is how much of a topic a log keeps. Older entries are trimmed; the last one is always
// kept.
type Retention struct {
	// Events is the number of entries. Default: 10,000.
	Events int
	// Age is that of an entry. Default: an hour.
	Age time.Duration
	// Bytes is the size of the data of all entries. Default: 64 MiB.
	Bytes int
}

const (
	// keyWindow and maxKeys are how long a topic remembers a key, and how many.
	keyWindow = 2 * time.Minute
	maxKeys   = 10_000
	// sweepInterval is how often the log looks for topics that nobody writes to.
	sweepInterval = time.Minute
)

// MemoryEventLog is an event log within this process, for tests and for servers with one node. Once a
// minute it removes topics that have no tail and whose last entry is older than the age that is kept.
type MemoryEventLog struct {
	keep   Retention
	prefix string

	mu     sync.Mutex
	topics map[string]*memoryTopic
	// last is the number of the last entry. Entries are numbered through all topics, from 1.
	last int
	// forgotten is the last number of an entry whose topic was removed.
	forgotten int
	swept     time.Time
	isClosed  bool
}

// NewMemoryEventLog makes an event log in memory.
func NewMemoryEventLog(keep Retention) *MemoryEventLog {
	if keep.Events <= 0 {
		keep.Events = 10_000
	}
	if keep.Age <= 0 {
		keep.Age = time.Hour
	}
	if keep.Bytes <= 0 {
		keep.Bytes = 64 << 20
	}
	return &MemoryEventLog{keep: keep, prefix: strconv.FormatUint(rand.Uint64(), 36) + "-", topics: map[string]*memoryTopic{}, swept: time.Now()}
}

// memoryTopic is a topic of a log in memory.
type memoryTopic struct {
	entries []memoryEntry
	bytes   int
	// trimmed is the number of the last entry that was trimmed.
	trimmed int
	keys    map[string]memoryEntry
	// order are the keys, the oldest first.
	order []string
	// tails is the number of tails.
	tails int
	// changed is closed at the next entry, and when the log is closed.
	changed chan struct{}
}

type memoryEntry struct {
	Entry
	number int
}

// open locks the log. It fails with code 14 after Close.
func (l *MemoryEventLog) open() error {
	l.mu.Lock()
	if l.isClosed {
		l.mu.Unlock()
		return Errorf(Unavailable, "the event log is closed")
	}
	return nil
}

// Close ends all tails, and drops all entries. Calls that follow fail with code 14.
func (l *MemoryEventLog) Close() error {
	if l.open() != nil {
		return nil
	}
	defer l.mu.Unlock()
	l.isClosed = true
	for _, topic := range l.topics {
		close(topic.changed)
	}
	l.topics = nil
	return nil
}

func (l *MemoryEventLog) topic(name string) *memoryTopic {
	topic := l.topics[name]
	if topic == nil {
		topic = &memoryTopic{trimmed: l.forgotten, keys: map[string]memoryEntry{}, changed: make(chan struct{})}
		l.topics[name] = topic
	}
	return topic
}

// sweep removes topics that nobody has written to for long.
func (l *MemoryEventLog) sweep(now time.Time) {
	if now.Sub(l.swept) < min(sweepInterval, l.keep.Age) {
		return
	}
	l.swept = now
	for name, topic := range l.topics {
		topic.trim(l.keep, now)
		topic.expireKeys(now)
		if topic.tails > 0 || len(topic.keys) > 0 {
			continue
		}
		if last := topic.last(); last == nil || now.Sub(last.Time) >= l.keep.Age {
			if last != nil {
				l.forgotten = max(l.forgotten, last.number)
			}
			delete(l.topics, name)
		}
	}
}

// Append implements EventLog.
func (l *MemoryEventLog) Append(_ context.Context, name string, data []byte, key string) (string, error) {
	if err := l.open(); err != nil {
		return "", err
	}
	defer l.mu.Unlock()
	now := time.Now()
	l.sweep(now)
	topic := l.topic(name)
	topic.expireKeys(now)
	if known, ok := topic.keys[key]; ok && key != "" {
		return known.Cursor, nil
	}
	l.last++
	entry := memoryEntry{Entry{l.prefix + strconv.Itoa(l.last), bytes.Clone(data), now}, l.last}
	topic.entries = append(topic.entries, entry)
	topic.bytes += len(data)
	if key != "" {
		topic.keys[key] = entry
		topic.order = append(topic.order, key)
	}
	topic.trim(l.keep, now)
	close(topic.changed)
	topic.changed = make(chan struct{})
	return entry.Cursor, nil
}

func (t *memoryTopic) last() *memoryEntry {
	if len(t.entries) == 0 {
		return nil
	}
	return &t.entries[len(t.entries)-1]
}

// trim drops what is too old or too much, but never the last entry.
func (t *memoryTopic) trim(keep Retention, now time.Time) {
	for len(t.entries) > 1 && (len(t.entries) > keep.Events || t.bytes > keep.Bytes || now.Sub(t.entries[0].Time) >= keep.Age) {
		t.bytes -= len(t.entries[0].Data)
		t.trimmed = t.entries[0].number
		t.entries[0] = memoryEntry{}
		t.entries = t.entries[1:]
	}
}

func (t *memoryTopic) expireKeys(now time.Time) {
	for len(t.order) > 0 && (len(t.order) > maxKeys || now.Sub(t.keys[t.order[0]].Time) >= keyWindow) {
		delete(t.keys, t.order[0])
		t.order = t.order[1:]
	}
}

// Tip implements EventLog.
func (l *MemoryEventLog) Tip(_ context.Context, name string) (string, error) {
	if err := l.open(); err != nil {
		return "", err
	}
	defer l.mu.Unlock()
	if topic := l.topics[name]; topic != nil && len(topic.entries) > 0 {
		return topic.last().Cursor, nil
	}
	return l.prefix + strconv.Itoa(l.last) + "b", nil
}

// Read implements EventLog.
func (l *MemoryEventLog) Read(_ context.Context, name, after string, limit int) ([]Entry, error) {
	if err := l.open(); err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	number, err := l.numberOf(name, after)
	if topic := l.topics[name]; err == nil && topic != nil {
		return topic.after(number, limit), nil
	}
	return nil, err
}

// after returns the entries with a higher number.
func (t *memoryTopic) after(number, limit int) (entries []Entry) {
	first := sort.Search(len(t.entries), func(i int) bool { return t.entries[i].number > number })
	for _, entry := range t.entries[first:min(first+limit, len(t.entries))] {
		entries = append(entries, entry.Entry)
	}
	return entries
}

// numberOf returns the number of a cursor after which nothing is missing.
func (l *MemoryEventLog) numberOf(name, cursor string) (int, error) {
	text, ok := strings.CutPrefix(cursor, l.prefix)
	digits, isBeginning := strings.CutSuffix(text, "b")
	number, err := strconv.Atoi(digits)
	if !ok || err != nil || digits != strconv.Itoa(number) || number < 0 || number == 0 && !isBeginning {
		return 0, &CursorError{cursor, GapUnknown}
	}
	topic, trimmed := l.topics[name], l.forgotten
	if topic != nil {
		trimmed = topic.trimmed
	}
	switch {
	case number > l.last:
		return 0, &CursorError{cursor, GapFuture}
	case number < trimmed, number == trimmed && !isBeginning:
		return 0, &CursorError{cursor, GapTrimmed}
	case !isBeginning && (topic == nil || !topic.has(number)):
		return 0, &CursorError{cursor, GapUnknown}
	}
	return number, nil
}

func (t *memoryTopic) has(number int) bool {
	i := sort.Search(len(t.entries), func(i int) bool { return t.entries[i].number >= number })
	return i < len(t.entries) && t.entries[i].number == number
}

// Tail implements EventLog.
func (l *MemoryEventLog) Tail(ctx context.Context, name, after string, deliver func([]Entry)) error {
	if err := l.open(); err != nil {
		return err
	}
	number, err := l.numberOf(name, after)
	if err != nil {
		l.mu.Unlock()
		return err
	}
	topic := l.topic(name)
	topic.tails++
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if topic.tails--; topic.tails == 0 && len(topic.entries) == 0 && l.topics[name] == topic {
			delete(l.topics, name)
		}
	}()
	for ctx.Err() == nil {
		if err := l.open(); err != nil {
			return err
		}
		isBehind, changed := number < topic.trimmed, topic.changed
		entries := topic.after(number, len(topic.entries))
		if len(entries) > 0 {
			number = topic.last().number
		}
		l.mu.Unlock()
		switch {
		case isBehind:
			return &CursorError{after, GapBehind}
		case len(entries) > 0:
			after = entries[len(entries)-1].Cursor
			deliver(entries)
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return context.Cause(ctx)
}
