package redislog

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"protoc-gen-sse/go/sse"
)

const (
	// blockTime is how long a read waits for entries, and so the longest delay if an interruption is
	// lost.
	blockTime = 2 * time.Second
	// graceTime is how much longer the answer may take before the connection counts as lost.
	graceTime = 3 * time.Second
	// pageSize is how many entries of a stream one read returns.
	pageSize = 512
	// checkSize is how many quiet followers are checked at once, and checkInterval how often.
	checkSize     = 64
	checkInterval = time.Second
	// minDelay and maxDelay are how long a reader waits before it connects again.
	minDelay = 20 * time.Millisecond
	maxDelay = time.Second
)

// reader follows any number of streams of one server with one XREAD, which waits for the next entry of
// any of them. A new follower interrupts it.
type reader struct {
	log *Log

	mu        sync.Mutex
	followers []*follower
	isRunning bool
	// waiting is the connection that waits, with its id.
	waiting  *redis.Client
	clientID int64
	// reads counts reads: each includes the followers that were added before it.
	reads int
}

func (r *reader) add(f *follower) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.followers = append(r.followers, f)
	if r.isRunning {
		go r.interrupt(r.reads, f.keys)
	} else {
		r.isRunning = true
		go r.run()
	}
}

func (r *reader) remove(f *follower) {
	f.mu.Lock()
	f.isOver = true
	f.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.followers = slices.DeleteFunc(r.followers, func(other *follower) bool { return other == f })
	if len(r.followers) == 0 && r.waiting != nil {
		_ = r.waiting.Close()
	}
}

// run follows the streams, over one connection after the other, while there are followers.
func (r *reader) run() {
	delay := minDelay
	for {
		began := time.Now()
		err := r.follow()
		r.mu.Lock()
		if len(r.followers) == 0 {
			r.isRunning = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		if r.log.cluster != nil && err != nil {
			r.log.cluster.ReloadState(r.log.ctx) // another server may have the streams by now
		}
		if time.Since(began) > 10*maxDelay {
			delay = minDelay
		}
		time.Sleep(time.Duration(float64(delay) * (0.5 + rand.Float64()/2)))
		delay = min(delay*3/2, maxDelay)
	}
}

// follow follows the streams over one connection, until it is lost or there are no more followers.
func (r *reader) follow() error {
	ctx := r.log.ctx
	followers := r.all()
	if len(followers) == 0 {
		return nil
	}
	server, err := r.log.server(ctx, followers[0].keys.log)
	if err != nil {
		return err
	}
	options := *server.Options()
	options.PoolSize, options.MinIdleConns = 1, 0
	// What was not answered must not be sent again: the server may have lost the entry that it waits after.
	options.MaxRetries = -1
	client := redis.NewClient(&options)
	defer client.Close()
	connection := client.Conn()
	defer connection.Close()
	clientID, err := connection.ClientID(ctx).Result()
	if err != nil {
		return err
	}
	r.setWaiting(client, clientID)
	defer r.setWaiting(nil, 0)
	// The last entries may have been trimmed or lost since the last connection.
	if err := r.check(server, r.all()); err != nil {
		return err
	}
	done := make(chan struct{})
	defer close(done)
	go r.checkQuiet(done)
	for {
		followers := r.begin()
		if len(followers) == 0 {
			return nil
		}
		if err := r.read(connection, followers); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
	}
}

// read waits for entries, and delivers them.
func (r *reader) read(connection *redis.Conn, followers map[string][]*follower) error {
	args := &redis.XReadArgs{Count: pageSize, Block: blockTime}
	var ids []string
	for stream, followers := range followers {
		// From the follower on that is furthest behind.
		first, _ := followers[0].place()
		for _, follower := range followers[1:] {
			if id, _ := follower.place(); compareIDs(id, first) < 0 {
				first = id
			}
		}
		args.Streams, ids = append(args.Streams, stream), append(ids, first)
	}
	args.Streams = append(args.Streams, ids...)
	ctx, cancel := context.WithTimeout(r.log.ctx, blockTime+graceTime)
	defer cancel()
	streams, err := connection.XRead(ctx, args).Result()
	for _, stream := range streams {
		rows := rowsOf(stream.Messages)
		for _, follower := range followers[stream.Stream] {
			follower.take(rows)
		}
	}
	return err
}

func (r *reader) all() []*follower {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.followers)
}

// begin counts a read, and returns the followers that it is for by their streams.
func (r *reader) begin() map[string][]*follower {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	followers := make(map[string][]*follower, len(r.followers))
	for _, f := range r.followers {
		followers[f.keys.log] = append(followers[f.keys.log], f)
	}
	return followers
}

func (r *reader) setWaiting(client *redis.Client, id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting, r.clientID = client, id
}

// interrupt ends the pending read, so that the next one includes all followers.
func (r *reader) interrupt(reads int, k topicKeys) {
	for {
		r.mu.Lock()
		id, isDue := r.clientID, r.waiting != nil && r.reads == reads
		r.mu.Unlock()
		if !isDue {
			return
		}
		var count int64
		err := r.log.call(r.log.ctx, k, func(ctx context.Context, server *redis.Client) (err error) {
			count, err = server.ClientUnblock(ctx, id).Result()
			return err
		})
		if err != nil || count == 1 {
			return
		}
		// The connection is between two reads, or the next one has not reached the server.
		time.Sleep(2 * time.Millisecond)
	}
}

// checkQuiet checks some followers each second, the ones that were checked longest ago first. This
// notices a lost stream without new entries: a read after an id from the future waits forever.
func (r *reader) checkQuiet(done <-chan struct{}) {
	ticker := time.NewTicker(checkInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-done:
			return
		}
		r.mu.Lock()
		count := min(checkSize, len(r.followers))
		some := slices.Clone(r.followers[:count])
		r.followers = append(r.followers[count:], some...)
		r.mu.Unlock()
		if len(some) == 0 {
			continue
		}
		if server, err := r.log.server(r.log.ctx, some[0].keys.log); err == nil {
			_ = r.check(server, some)
		}
	}
}

// check ends the tails whose last entry is not there.
func (r *reader) check(server *redis.Client, followers []*follower) error {
	ctx, cancel := context.WithTimeout(r.log.ctx, answerTime)
	defer cancel()
	ids, numbers := make([]string, len(followers)), make([]int64, len(followers))
	found := make([]*redis.XMessageSliceCmd, len(followers))
	_, err := server.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, f := range followers {
			ids[i], numbers[i] = f.place()
			found[i] = pipe.XRangeN(ctx, f.keys.log, ids[i], ids[i], 1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, f := range followers {
		if rows := rowsOf(found[i].Val()); len(rows) == 1 && rows[0].n == numbers[i] {
			continue
		}
		n, err := r.log.find(ctx, f.keys, ids[i])
		if err == nil && n != numbers[i] {
			err = &sse.CursorError{Cursor: f.keys.cursor(ids[i]), Reason: sse.GapUnknown}
		}
		var gap *sse.CursorError
		if err != nil && !errors.As(err, &gap) {
			return err
		}
		if gap != nil {
			f.lose(ids[i], gap)
		}
	}
	return nil
}
