package sse

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// EventLog keeps the events of topics. All events of a topic have one order. A topic exists without
// being created, and is empty at first. The entries are messages in the binary format, so that nodes
// in several languages can share a log.
//
// An *Error that a method returns, such as a *CursorError, ends streams. After any other error, the
// streams stay open and the call is repeated.
type EventLog interface {
	// Append appends an entry, and returns its cursor when the log has it. After an error, the log
	// may have the entry nevertheless. A key identifies the publication: one that the topic has seen
	// within the last minutes appends nothing, and returns the cursor of the first entry. Empty for
	// none.
	Append(ctx context.Context, topic string, data []byte, key string) (cursor string, err error)
	// Read returns the entries that follow a cursor, oldest first: at most limit, and none at the
	// end. It fails with a *CursorError if the entry of the cursor is no longer in this topic; for
	// the cursor of the beginning, if the first entry is no longer there.
	Read(ctx context.Context, topic, after string, limit int) ([]Entry, error)
	// Tip returns the cursor of the last entry, or of the beginning if the topic is empty.
	Tip(ctx context.Context, topic string) (cursor string, err error)
	// Tail calls a function with all entries after a cursor, in order and each once, until ctx ends,
	// whose cause it returns. It fails with a *CursorError as Read does, and if it misses entries later,
	// with GapBehind if they were trimmed. After a lost connection it continues by itself.
	//
	// The calls come one after the other, with at least one entry, from any goroutine. There is none after
	// Tail has returned. The function may call the log, but must not wait for the end of a tail. It may
	// keep the entries. It returns soon, as tails of other topics may wait for it.
	Tail(ctx context.Context, topic, after string, deliver func([]Entry)) error
}

// Entry is an event as a log keeps it.
type Entry struct {
	// Cursor is the place of the entry in its topic: opaque, visible ASCII without spaces, at most
	// 64 characters. It is the id: of the event.
	Cursor string
	// Data is the message in the binary format. It must not be changed.
	Data []byte
	// Time is when the log took the entry; zero if the log does not know.
	Time time.Time
}

// GapReason is why a topic cannot return the events after a cursor.
type GapReason string

// The reasons of a CursorError.
const (
	// GapTrimmed is an entry that the log no longer keeps.
	GapTrimmed GapReason = "trimmed"
	// GapFuture is a cursor after the last entry, for example after a failover lost entries.
	GapFuture GapReason = "future"
	// GapUnknown is an entry that the topic never had: the log was made again, or the cursor is
	// not valid or of another topic.
	GapUnknown GapReason = "unknown"
	// GapBehind is a subscriber or a node that was so slow that entries were trimmed before it read
	// them.
	GapBehind GapReason = "behind"
)

var gapTexts = map[GapReason]string{
	GapTrimmed: "are no longer kept",
	GapFuture:  "cannot be known: the log ends before it",
	GapUnknown: "cannot be known: the log has no such event",
	GapBehind:  "were dropped before they were read",
}

// CursorError says that a topic cannot return the events after a cursor without a gap. It ends a
// stream with code 11; before the head of the response that is HTTP status 410. The client has to
// start over without a cursor.
type CursorError struct {
	Cursor string
	Reason GapReason
}

func (e *CursorError) Error() string {
	return fmt.Sprintf("the events after %q %s: start over", e.Cursor, gapTexts[e.Reason])
}

// As makes it an *Error with code 11.
func (e *CursorError) As(target any) bool {
	status, ok := target.(**Error)
	if ok {
		*status = Errorf(OutOfRange, "%s", e.Error())
	}
	return ok
}

// isCursor says whether a text can be the cursor of an entry.
func isCursor(text string) bool {
	return text != "" && len(text) <= 64 && strings.Trim(text, visible) == ""
}

// visible are the characters of a cursor.
var visible = func() string {
	var b strings.Builder
	for c := byte('!'); c <= '~'; c++ {
		b.WriteByte(c)
	}
	return b.String()
}()
