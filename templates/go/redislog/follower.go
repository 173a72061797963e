package redislog

import (
	"context"
	"sync"

	"protoc-gen-sse/go/sse"
)

// follower is a tail, and how far it is.
type follower struct {
	ctx     context.Context
	keys    topicKeys
	deliver func([]sse.Entry)
	// failed gets what ends the tail.
	failed chan error

	// mu is held while entries are delivered, so that none are once the tail has returned.
	mu sync.Mutex
	// id and n are those of the last entry that was delivered, or of the one after which the tail began.
	id     string
	n      int64
	isOver bool
}

// take delivers the entries that follow the last one.
func (f *follower) take(rows []row) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isOver || f.ctx.Err() != nil {
		return
	}
	var entries []sse.Entry
	var gap *sse.CursorError
	for _, row := range rows {
		if compareIDs(row.id, f.id) <= 0 {
			continue // for a follower of the same stream that is further behind
		}
		if row.n != f.n+1 {
			gap = &sse.CursorError{Cursor: f.keys.cursor(f.id), Reason: sse.GapUnknown}
			if row.n > f.n {
				gap.Reason = sse.GapBehind
			}
			break
		}
		f.id, f.n = row.id, row.n
		entries = append(entries, f.keys.entry(row))
	}
	if len(entries) > 0 {
		f.deliver(entries)
	}
	if gap != nil {
		f.fail(gap)
	}
}

// fail ends the tail with an error. It needs the lock.
func (f *follower) fail(err error) {
	if !f.isOver {
		f.isOver = true
		f.failed <- err
	}
}

// place returns the id and the number of the last entry.
func (f *follower) place() (id string, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.id, f.n
}

// lose ends the tail, unless it has received entries since: they may be why that one was trimmed.
func (f *follower) lose(id string, gap *sse.CursorError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.id != id {
		return
	}
	if gap.Reason == sse.GapTrimmed {
		gap = &sse.CursorError{Cursor: gap.Cursor, Reason: sse.GapBehind}
	}
	f.fail(gap)
}
