package sse

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
)

// jsonLinesDecoder decodes JSON Lines: each line that is not blank is an event, also the last one
// without LF. The line {"@error":{…}} is the error event, with the Status as its data.
//
// With controls, a blank line after the first is the comment of a heartbeat, the line {"@end":{}}
// is the comment "end", and a last line without LF was cut.
type jsonLinesDecoder struct {
	lines       lineReader
	max         int
	errorEvent  string
	hasControls bool
	isOpening   bool
	err         error
}

func newJSONLinesDecoder(body io.Reader, maxLineBytes int, errorEvent string, hasControls bool) *jsonLinesDecoder {
	return &jsonLinesDecoder{
		lines:       lineReader{body: body},
		max:         maxLineBytes,
		errorEvent:  errorEvent,
		hasControls: hasControls,
		isOpening:   true,
	}
}

// errorLine matches the beginning of the line that reports a failure.
var errorLine = regexp.MustCompile(`^\{\s*"@error"\s*:`)

func (d *jsonLinesDecoder) next() (token, error) {
	for d.err == nil {
		var line []byte
		line, d.err = d.lines.line(d.max, true)
		if d.err != nil && (d.hasControls || d.err != io.EOF) {
			break
		}
		isOpening := d.isOpening
		d.isOpening = false
		data := bytes.TrimSpace(line) // the CR of a CRLF is white space of JSON
		switch {
		case d.hasControls && len(data) == 0:
			if !isOpening {
				return token{kind: tokenComment}, nil
			}
		case d.hasControls && string(data) == `{"@end":{}}`:
			return token{kind: tokenComment, text: "end"}, nil
		case len(data) > 0:
			return d.event(validUTF8(data)), nil
		}
	}
	return token{}, d.err
}

func (d *jsonLinesDecoder) event(data []byte) token {
	event := RawEvent{Event: "message", Data: data}
	if errorLine.Match(data) {
		var line map[string]json.RawMessage
		// A line that is not JSON is reported by the decoder of messages.
		if json.Unmarshal(data, &line) == nil {
			event.Event, event.Data = d.errorEvent, line["@error"]
		}
	}
	return token{event: event}
}
