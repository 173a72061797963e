package sse

import (
	"bytes"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// RawEvent is an event as received: the fields of WHATWG HTML 9.2.6, its data not decoded yet.
type RawEvent struct {
	// Event is the type of the event; "message" if the server sent none, and for a line of JSON
	// Lines.
	Event string
	// Data are the data: lines, joined by LF, or the line of JSON.
	Data []byte
	// ID is the last event ID in force; empty if there is none. An earlier event may have set it.
	ID string
	// OwnID says that this event has an id: of its own.
	OwnID bool
	// Retry is the retry: of this event; zero if it has none.
	Retry time.Duration
}

// tokenKind is what a decoder found.
type tokenKind int

const (
	// tokenEvent is an event.
	tokenEvent tokenKind = iota
	// tokenID is a blank line that dispatches no event, but may have changed the last event ID.
	tokenID
	// tokenComment is a comment: the text after its colon, unchanged.
	tokenComment
	// tokenRetry is a reconnection time.
	tokenRetry
)

// token is an event or another part of a body.
type token struct {
	kind  tokenKind
	event RawEvent
	text  string
	retry time.Duration
}

// decoder reads the tokens of a body, in the order of its bytes. It returns io.EOF at the end of
// the body, ErrEventTooLarge, or what the body failed with. Data holds until the next call.
type decoder interface {
	next() (token, error)
}

// sseDecoder decodes text/event-stream by the rules of WHATWG HTML 9.2.5 and 9.2.6, in time linear
// in the bytes. An event without a blank line at the end of the body is dropped.
//
// The standard empties the last event ID for each connection. Then one event without id after a
// reconnection would make the next reconnection start over, so browsers keep it, and so does this.
type sseDecoder struct {
	lines lineReader
	max   int
	// data is the value of the only data: line so far, in the buffer of lines. Several lines are
	// joined in copied, and so is a line that the buffer has no room for.
	data     []byte
	copied   []byte
	hasData  bool
	isCopied bool
	name     string
	names    [2]string
	id       string
	// ids holds the last ids, which are made together.
	ids   strings.Builder
	ownID bool
	retry time.Duration
}

// newSSEDecoder makes a decoder. lastEventID is in force until the body sets another.
func newSSEDecoder(body io.Reader, maxEventBytes int, lastEventID string) *sseDecoder {
	d := &sseDecoder{max: maxEventBytes, id: lastEventID}
	d.lines.body = body
	d.lines.keep = d.copyData
	return d
}

// copyData copies data out of the buffer of lines.
func (d *sseDecoder) copyData() {
	if d.hasData && !d.isCopied {
		d.copied = append(d.copied[:0], d.data...)
		d.data, d.isCopied = d.copied, true
	}
}

func (d *sseDecoder) next() (token, error) {
	for {
		// The six bytes are the "data: " before the data. Every line counts, so that a server
		// cannot fill the memory.
		limit := d.max - len(d.data)
		if limit < math.MaxInt-6 {
			limit += 6
		}
		line, err := d.lines.line(limit, false)
		if err != nil {
			return token{}, err
		}
		if len(line) == 0 {
			return d.dispatch()
		}
		if line[0] == ':' {
			return token{kind: tokenComment, text: string(validUTF8(line[1:]))}, nil
		}
		name, value := cutField(line)
		switch string(name) {
		case "data":
			d.addData(value)
		case "event":
			d.name = d.intern(value)
		case "id":
			if indexByte(value, 0) == len(value) {
				d.ownID = true
				if string(value) != d.id {
					d.id = d.newID(validUTF8(value))
				}
			}
		case "retry":
			if retry, ok := parseRetry(value); ok {
				d.retry = retry
				return token{kind: tokenRetry, retry: retry}, nil
			}
		}
	}
}

// dispatch ends an event.
func (d *sseDecoder) dispatch() (token, error) {
	event := RawEvent{Event: d.name, Data: validUTF8(d.data), ID: d.id, OwnID: d.ownID, Retry: d.retry}
	kind := tokenEvent
	if !d.hasData {
		kind = tokenID
	}
	if event.Event == "" {
		event.Event = "message"
	}
	if cap(d.copied) > largestBuffer {
		d.copied = nil
	}
	d.data, d.hasData, d.isCopied = nil, false, false
	d.name, d.ownID, d.retry = "", false, 0
	if len(event.Data) > d.max {
		return token{}, ErrEventTooLarge
	}
	return token{kind: kind, event: event}, nil
}

func (d *sseDecoder) addData(value []byte) {
	if !d.hasData {
		d.data, d.hasData = value, true
		return
	}
	d.copyData()
	d.copied = append(append(d.copied, '\n'), value...)
	d.data = d.copied
}

// intern returns a text for the name of an event. Streams have few, so they are not made again.
func (d *sseDecoder) intern(value []byte) string {
	for _, name := range d.names {
		if name == string(value) {
			return name
		}
	}
	d.names[1] = d.names[0]
	d.names[0] = string(validUTF8(value))
	return d.names[0]
}

// idBlock is the size of the blocks that ids are made in.
const idBlock = 512

// newID returns a text for an id. Each event may have another one, so many share a block of memory.
func (d *sseDecoder) newID(value []byte) string {
	if len(value) > idBlock/8 {
		return string(value)
	}
	if d.ids.Cap()-d.ids.Len() < len(value) {
		d.ids.Reset()
		d.ids.Grow(idBlock)
	}
	start := d.ids.Len()
	d.ids.Write(value) // never moves what is there, which earlier ids are part of
	return d.ids.String()[start:]
}

// indexByte returns the index of c in b, or the length of b if it is absent.
func indexByte(b []byte, c byte) int {
	if i := bytes.IndexByte(b, c); i >= 0 {
		return i
	}
	return len(b)
}

// cutField returns the name and the value of a field. One space before the value is removed. A name
// that is longer than "event" is not searched for its end: it is unknown.
func cutField(line []byte) (name, value []byte) {
	for i, c := range line[:min(len(line), len("event:"))] {
		if c == ':' {
			value = line[i+1:]
			if len(value) > 0 && value[0] == ' ' {
				value = value[1:]
			}
			return line[:i], value
		}
	}
	return line, nil
}

// parseRetry reads a number of milliseconds that has digits only. A number that is too large for a
// duration is the longest one.
func parseRetry(value []byte) (time.Duration, bool) {
	const longest = math.MaxInt64 / int64(time.Millisecond)
	var ms int64
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		if ms = ms*10 + int64(c-'0'); ms > longest/10 {
			ms = longest / 10
		}
	}
	return time.Duration(ms) * time.Millisecond, len(value) > 0
}

// validUTF8 returns the bytes with each part that is not UTF-8 replaced by U+FFFD, as "UTF-8
// decode" of the Encoding Standard does. It returns the same slice if there is none.
func validUTF8(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	valid := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			size = invalidLength(b)
		}
		valid = utf8.AppendRune(valid, r)
		b = b[size:]
	}
	return valid
}

// invalidLength returns how many bytes at the beginning one U+FFFD replaces: those that could begin
// a character (Unicode, section 3.9, "maximal subpart").
func invalidLength(b []byte) int {
	var need int
	low, high := byte(0x80), byte(0xbf)
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		need = 1
	case c >= 0xe0 && c <= 0xef:
		need = 2
		if c == 0xe0 {
			low = 0xa0
		} else if c == 0xed {
			high = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		need = 3
		if c == 0xf0 {
			low = 0x90
		} else if c == 0xf4 {
			high = 0x8f
		}
	}
	n := 1
	for n <= need && n < len(b) && b[n] >= low && b[n] <= high {
		low, high = 0x80, 0xbf
		n++
	}
	return n
}
