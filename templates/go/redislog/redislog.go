// Package redislog is an event log on Redis Streams: for Redis from 6.2 on, Valkey, and servers that
// are compatible with them. It shares topics with the Redis log of the TypeScript runtime.
package redislog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
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

// sendOnce returns a client with the same connections that sends no command again: after a lost
// connection, an append may have been carried out.
func sendOnce(client *redis.Client) *redis.Client {
	client = client.WithTimeout(answerTime)
	options := client.Options() // of this copy alone
	options.MaxRetries = 0
	options.ContextTimeoutEnabled = true
	return client
}

// Close ends all tails, and closes the connections that the log opened itself. Calls that follow fail
// with code 14.
func (l *Log) Close() error {
	l.close(errClosed)
	return nil
}

// server returns the client of the server that has a key.
func (l *Log) server(ctx context.Context, key string) (*redis.Client, error) {
	if l.cluster == nil {
		return l.client, nil
	}
	client, err := l.cluster.MasterForKey(ctx, key)
	if err != nil {
		return nil, err
	}
	return sendOnce(client), nil
}

// call runs a function with the server of a topic. If another server has the topic by now, it runs the
// function again.
func (l *Log) call(ctx context.Context, k topicKeys, f func(context.Context, *redis.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	for {
		if l.ctx.Err() != nil {
			return errClosed
		}
		server, err := l.server(ctx, k.log)
		if err == nil {
			err = f(ctx, server)
		}
		if err == nil || l.cluster == nil || !hasMoved(err) {
			return err
		}
		l.cluster.ReloadState(ctx)
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// hasMoved says whether a server refused a command because it does not have the key.
func hasMoved(err error) bool {
	return strings.HasPrefix(err.Error(), "MOVED ") || strings.HasPrefix(err.Error(), "ASK ")
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

// confirmScript says whether an entry is there. KEYS: the stream, a key to write to. ARGV: its id.
const confirmScript = `
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', 60000)
return 1`

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

// confirm waits until enough replicas have an entry.
func (l *Log) confirm(ctx context.Context, k topicKeys, id string) error {
	// WAIT covers the writes of its own connection, and another one may have appended: so write once more.
	var isThere, count *redis.Cmd
	err := l.call(ctx, k, func(ctx context.Context, server *redis.Client) error {
		_, err := server.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			isThere = pipe.Eval(ctx, confirmScript, []string{k.log, k.confirmed()}, id)
			count = pipe.Do(ctx, "wait", l.options.Replicas, replicaTime.Milliseconds())
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	if there, err := isThere.Int(); err != nil || there != 1 {
		return fmt.Errorf("no replicas have the entry, %d must have it", l.options.Replicas)
	}
	if n, err := count.Int(); err != nil || n < l.options.Replicas {
		return fmt.Errorf("%d replicas have the entry, %d must have it", n, l.options.Replicas)
	}
	return nil
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

// rows returns the entries from an id on.
func (l *Log) rows(ctx context.Context, k topicKeys, from string, count int) (rows []row, err error) {
	err = l.call(ctx, k, func(ctx context.Context, server *redis.Client) error {
		messages, err := server.XRangeN(ctx, k.log, from, "+", int64(count)).Result()
		rows = rowsOf(messages)
		return err
	})
	return rows, err
}

// find returns the number of the entry with an id. It fails with a *sse.CursorError if the entry is not
// there, or if it is the beginning and the first entry is not there.
func (l *Log) find(ctx context.Context, k topicKeys, id string) (int64, error) {
	rows, err := l.rows(ctx, k, id, 1)
	switch {
	case err != nil:
		return 0, err
	case len(rows) > 0 && rows[0].id == id:
		return rows[0].n, nil
	case id == beginning:
		return 0, l.findBeginning(ctx, k, rows)
	case len(rows) == 0:
		return 0, &sse.CursorError{Cursor: k.cursor(id), Reason: sse.GapFuture}
	}
	first, err := l.rows(ctx, k, "-", 1)
	if err != nil {
		return 0, err
	}
	// A log that still has its first entry has trimmed none.
	if len(first) > 0 && first[0].n > 1 && compareIDs(first[0].id, id) > 0 {
		return 0, &sse.CursorError{Cursor: k.cursor(id), Reason: sse.GapTrimmed}
	}
	return 0, &sse.CursorError{Cursor: k.cursor(id), Reason: sse.GapUnknown}
}

// findBeginning returns a *sse.CursorError if the topic had entries before the first of these.
func (l *Log) findBeginning(ctx context.Context, k topicKeys, rows []row) error {
	if len(rows) == 0 {
		err := l.call(ctx, k, func(ctx context.Context, server *redis.Client) error { return server.Get(ctx, k.n).Err() })
		if errors.Is(err, redis.Nil) {
			return nil
		}
		if err == nil { // the first entry may have come between the two commands
			rows, err = l.rows(ctx, k, beginning, 1)
		}
		if err != nil {
			return err
		}
	}
	if len(rows) > 0 && rows[0].n == 1 {
		return nil
	}
	return &sse.CursorError{Cursor: k.cursor(beginning), Reason: sse.GapTrimmed}
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
