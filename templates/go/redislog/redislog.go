// Package redislog is an event log on Redis Streams: for Redis from 6.2 on, Valkey, and servers that
// are compatible with them. It shares topics with the Redis log of the TypeScript runtime.
package redislog

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"protoc-gen-sse/go/sse"
)

const (
	// answerTime is how long an answer may take.
	answerTime = 5 * time.Second
	// replicaTime is how long replicas may take to confirm an entry.
	replicaTime = 4 * time.Second
	// keyWindow is how long a repeated publication is recognized.
	keyWindow = 2 * time.Minute
	// trimInterval is how often a topic is trimmed by age.
	trimInterval = time.Minute
	// maxTopics is how many topics are remembered as trimmed.
	maxTopics = 10_000
)

// Options are options of a log.
type Options struct {
	// Prefix is the start of all keys. Default: "sse:". A topic x has the keys {sse:x}:log, {sse:x}:n
	// and, for 2 minutes, {sse:x}:k:<key>; in a cluster {sse:7}x:log and so on, as topics share 16 hash
	// tags there.
	Prefix string
	// Events is how many entries of a topic are kept; there may be about 100 more. Default: 10,000.
	Events int
	// Age is how old an entry may be. Default: an hour; less than 0 means no limit. The last entry
	// stays at any age.
	Age time.Duration
	// Replicas is how many replicas must have an entry before Append returns. It fails if fewer have it
	// after 4 seconds. Default: 0, so that a failover may lose an entry that only the primary had.
	Replicas int
}

// Log is an event log on Redis Streams. Its topics may be shared with other nodes.
type Log struct {
	options Options
	// client is the one of a server, and cluster the one of a cluster: one of them is nil.
	client  *redis.Client
	cluster *redis.ClusterClient
	// ctx ends with the log.
	ctx   context.Context
	close context.CancelCauseFunc

	mu sync.Mutex
	// readers are by the group of their streams.
	readers map[string]*reader
	// trimmed says when a topic was last trimmed by age.
	trimmed map[string]time.Time
}

var errClosed = sse.Errorf(sse.Unavailable, "the event log is closed")

// New makes a log. It uses the connections of the client for commands, and opens one more that waits
// for entries, whatever the number of topics; in a cluster up to 16. The log does not close the client.
//
// The client is a *redis.Client, also one of NewFailoverClient, or a *redis.ClusterClient. New panics
// for any other.
//
// Configure Redis so that it deletes nothing by itself: maxmemory-policy noeviction, and appendonly yes
// if events must survive a restart.
func New(client redis.UniversalClient, options Options) *Log {
	l := &Log{options: options, readers: map[string]*reader{}, trimmed: map[string]time.Time{}}
	switch client := client.(type) {
	case *redis.Client:
		l.client = sendOnce(client)
	case *redis.ClusterClient:
		l.cluster = client
	default:
		panic(fmt.Sprintf("redislog: a %T has no streams of its own: give a *redis.Client or a *redis.ClusterClient", client))
	}
	if l.options.Prefix == "" {
		l.options.Prefix = "sse:"
	}
	if l.options.Events <= 0 {
		l.options.Events = 10_000
	}
	if l.options.Age == 0 {
		l.options.Age = time.Hour
	}
	l.ctx, l.close = context.WithCancelCause(context.Background())
	return l
}

// Close ends all tails, and closes the connections that the log opened itself. Calls that follow fail
// with code 14.
func (l *Log) Close() error {
	l.close(errClosed)
	return nil
}

func (l *Log) keys(topic string) (topicKeys, error) {
	return newTopicKeys(l.options.Prefix, topic, l.cluster != nil)
}

// appendScript appends an entry. KEYS: the stream, the number of its last entry, the record of a
// publication. ARGV: the data, how many entries are kept, how long the record lasts, how old entries may
// be, if it is time to trim. The last entry stays at any age, so that clients can resume after it.
var appendScript = redis.NewScript(`
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then return known end
end
if ARGV[4] then
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  if last then
    local oldest = redis.call('TIME')[1] * 1000 - ARGV[4]
    local time = tonumber(string.match(last[1], '^%d+'))
    redis.call('XTRIM', KEYS[1], 'MINID', '~', time < oldest and last[1] or string.format('%.0f', math.max(oldest, 0)))
  end
end
local n = redis.call('INCR', KEYS[2])
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'n', n, 'd', ARGV[1])
if KEYS[3] then redis.call('SET', KEYS[3], id, 'PX', ARGV[3]) end
return id`)

// Append implements sse.EventLog.
func (l *Log) Append(ctx context.Context, topic string, data []byte, key string) (cursor string, err error) {
	k, err := l.keys(topic)
	if err != nil {
		return "", err
	}
	keys := []string{k.log, k.n}
	if key != "" {
		keys = append(keys, k.publication(key))
	}
	args := []any{data, l.options.Events, keyWindow.Milliseconds()}
	if l.isTrimDue(topic) {
		args = append(args, int64(math.Ceil(float64(l.options.Age)/float64(time.Millisecond))))
	}
	var id string
	err = l.call(ctx, k, func(ctx context.Context, server *redis.Client) (err error) {
		id, err = appendScript.Run(ctx, server, keys, args...).Text()
		return err
	})
	if err == nil && l.options.Replicas > 0 {
		err = l.confirm(ctx, k, id)
	}
	if err != nil {
		return "", err
	}
	return k.cursor(id), nil
}

// isTrimDue says whether to trim a topic by age now.
func (l *Log) isTrimDue(topic string) bool {
	if l.options.Age < 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.trimmed[topic]; ok && time.Since(last) < trimInterval {
		return false
	}
	if len(l.trimmed) >= maxTopics {
		clear(l.trimmed) // most of them are of topics that are no longer used
	}
	l.trimmed[topic] = time.Now()
	return true
}

// Read implements sse.EventLog.
func (l *Log) Read(ctx context.Context, topic, after string, limit int) ([]sse.Entry, error) {
	k, err := l.keys(topic)
	if err != nil {
		return nil, err
	}
	id, err := k.id(after)
	if err != nil {
		return nil, err
	}
	// The entry of the cursor comes first, which shows that nothing after it is missing.
	rows, err := l.rows(ctx, k, id, limit+1)
	if err != nil {
		return nil, err
	}
	var n int64
	if len(rows) > 0 && rows[0].id == id {
		n, rows = rows[0].n, rows[1:]
	} else if n, err = l.find(ctx, k, id); err != nil {
		return nil, err
	}
	var entries []sse.Entry
	for i, row := range rows[:min(len(rows), limit)] {
		if row.n != n+1+int64(i) {
			reason := sse.GapUnknown
			if id == beginning {
				reason = sse.GapTrimmed
			}
			return nil, &sse.CursorError{Cursor: after, Reason: reason}
		}
		entries = append(entries, k.entry(row))
	}
	return entries, nil
}

// Tip implements sse.EventLog.
func (l *Log) Tip(ctx context.Context, topic string) (cursor string, err error) {
	k, err := l.keys(topic)
	if err != nil {
		return "", err
	}
	id := beginning
	err = l.call(ctx, k, func(ctx context.Context, server *redis.Client) error {
		messages, err := server.XRevRangeN(ctx, k.log, "+", "-", 1).Result()
		if len(messages) > 0 {
			id = messages[0].ID
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return k.cursor(id), nil
}

// Tail implements sse.EventLog. The entries of all topics arrive over one connection, so a function that
// blocks holds up the others.
func (l *Log) Tail(ctx context.Context, topic, after string, deliver func([]sse.Entry)) error {
	k, err := l.keys(topic)
	if err != nil {
		return err
	}
	id, err := k.id(after)
	if err != nil {
		return err
	}
	n, err := l.find(ctx, k, id)
	if err != nil {
		return err
	}
	f := &follower{ctx: ctx, keys: k, deliver: deliver, id: id, n: n, failed: make(chan error, 1)}
	r := l.reader(k.group)
	r.add(f)
	defer r.remove(f)
	select {
	case err := <-f.failed:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.ctx.Done():
		return errClosed
	}
}

func (l *Log) reader(group string) *reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.readers[group]
	if r == nil {
		r = &reader{log: l}
		l.readers[group] = r
	}
	return r
}
