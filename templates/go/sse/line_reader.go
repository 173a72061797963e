package sse

import "io"

// firstBuffer and largestBuffer are the sizes of the buffer of a body, unless a longer line needs
// more for a while.
const (
	firstBuffer   = 4 << 10
	largestBuffer = 64 << 10
)

// lineReader reads the lines of a body. Lines are slices of its buffer.
type lineReader struct {
	body io.Reader
	// keep is called before the buffer changes: lines that are needed longer are copied then.
	keep func()
	// The unread bytes are buf[start:end].
	buf        []byte
	start, end int
	// lf and cr are the next terminator of each kind; or where to search, when there was none.
	lf, cr int
	// skipLF says that the last byte was a CR: an LF after it does not end another line.
	skipLF bool
	begun  bool
	err    error
}

// line returns the next complete line without its terminator: LF, and CR and CRLF unless onlyLF.
// At an error it returns what is left. It fails with ErrEventTooLarge if a line has more than max
// bytes.
func (r *lineReader) line(max int, onlyLF bool) ([]byte, error) {
	for {
		if r.skipLF && r.start < r.end {
			r.skipLF = false
			if r.buf[r.start] == '\n' {
				r.start++
			}
		}
		end := r.find(&r.lf, '\n')
		if !onlyLF && r.cr < end {
			end = min(end, r.find(&r.cr, '\r'))
		}
		if end-r.start > max {
			return nil, ErrEventTooLarge
		}
		if end < r.end {
			line := r.buf[r.start:end]
			r.start = end + 1
			if r.buf[end] == '\r' {
				r.skipLF = true
			}
			return line, nil
		}
		if r.err != nil {
			rest := r.buf[r.start:r.end]
			r.start = r.end
			return rest, r.err
		}
		r.fill()
	}
}

// find moves a position to the next byte c, or to the end if there is none.
func (r *lineReader) find(at *int, c byte) int {
	if *at < r.start {
		*at = r.start
	}
	for *at < r.end && r.buf[*at] != c {
		*at += indexByte(r.buf[*at:r.end], c)
	}
	return *at
}

// fill reads more bytes behind the unread ones.
func (r *lineReader) fill() {
	if r.keep != nil {
		r.keep()
	}
	unread := r.end - r.start
	buf := r.buf
	switch {
	case unread == 0 && len(buf) > largestBuffer, len(buf) == 0:
		buf = make([]byte, firstBuffer)
	case unread > len(buf)/2, unread == 0 && r.end == len(buf) && len(buf) < largestBuffer:
		buf = make([]byte, 2*len(buf))
	}
	copy(buf, r.buf[r.start:r.end])
	r.buf = buf
	r.lf -= r.start
	r.cr -= r.start
	r.start, r.end = 0, unread
	for tries := 0; r.end == unread && r.err == nil; tries++ {
		var n int
		n, r.err = r.body.Read(r.buf[r.end:])
		r.end += n
		if tries == 100 {
			r.err = io.ErrNoProgress
		}
	}
	if !r.begun {
		const mark = "\xef\xbb\xbf"
		n := min(r.end, len(mark))
		r.begun = n == len(mark) || string(r.buf[:n]) != mark[:n]
		if string(r.buf[:n]) == mark {
			r.start = n
		}
	}
}
