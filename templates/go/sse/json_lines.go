package sse

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
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

// jsonLinesProfile is JSON Lines for clients that read empty lines and a last line {"@end":{}} as
// control frames.
const jsonLinesProfile = "application/jsonl; profile=sse-1"

// jsonLinesEncoder writes JSON Lines: one message a line, without ids. Only jsonLinesProfile has an
// opening, heartbeats and an end.
type jsonLinesEncoder struct {
	media   string
	beat    time.Duration
	rule    *StreamRule
	marshal protojson.MarshalOptions
}

func (e *jsonLinesEncoder) hasProfile() bool    { return e.media == jsonLinesProfile }
func (e *jsonLinesEncoder) contentType() string { return e.media }
func (e *jsonLinesEncoder) heartbeat() string   { return "\n" }

func (e *jsonLinesEncoder) interval() time.Duration {
	if e.hasProfile() {
		return e.beat
	}
	return 0
}

func (e *jsonLinesEncoder) opening(b []byte, _ string) []byte {
	if e.hasProfile() {
		b = append(b, '\n')
	}
	return b
}

func (e *jsonLinesEncoder) end() string {
	if e.hasProfile() {
		return "{\"@end\":{}}\n"
	}
	return ""
}

func (e *jsonLinesEncoder) encode(b []byte, message proto.Message, _ string, _ bool) ([]byte, bool, error) {
	start := len(b)
	b, err := e.marshal.MarshalAppend(b, message)
	if err != nil {
		return b[:start], false, err
	}
	return append(b, '\n'), e.isTerminal(message.ProtoReflect()), nil
}

func (e *jsonLinesEncoder) isTerminal(m protoreflect.Message) bool {
	for _, event := range e.rule.Events {
		if event.Terminal && m.Has(m.Descriptor().Fields().ByJSONName(event.Field)) {
			return true
		}
	}
	return false
}

func (e *jsonLinesEncoder) failure(b, status []byte) []byte {
	return append(append(append(b, `{"@error":`...), status...), "}\n"...)
}

// handover ends with an error: the format knows no retry:, and a body that just ended would be taken
// for a whole one.
func (e *jsonLinesEncoder) handover(b []byte, _ time.Duration) []byte {
	return e.failure(b, []byte(`{"code":14,"message":"the server is shutting down"}`))
}
