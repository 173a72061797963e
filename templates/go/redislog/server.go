package redislog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"protoc-gen-sse/go/sse"
)

// sendOnce returns a client with the same connections that sends no command again: after a lost
// connection, an append may have been carried out.
func sendOnce(client *redis.Client) *redis.Client {
	client = client.WithTimeout(answerTime)
	options := client.Options() // of this copy alone
	options.MaxRetries = 0
	options.ContextTimeoutEnabled = true
	return client
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

// confirmScript says whether an entry is there. KEYS: the stream, a key to write to. ARGV: its id.
const confirmScript = `
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', 60000)
return 1`

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
