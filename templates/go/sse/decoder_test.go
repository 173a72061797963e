package sse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"
)

// decodeAll returns what a decoder finds, a line each, and its error at the end.
func decodeAll(d decoder) (found []string) {
	for {
		t, err := d.next()
		if err != nil {
			return append(found, err.Error())
		}
		switch t.kind {
		case tokenEvent:
			e := t.event
			found = append(found, fmt.Sprintf("event %q %q id=%q own=%v retry=%v", e.Event, e.Data, e.ID, e.OwnID, e.Retry))
		case tokenID:
			found = append(found, fmt.Sprintf("id %q", t.event.ID))
		case tokenComment:
			found = append(found, fmt.Sprintf("comment %q", t.text))
		case tokenRetry:
			found = append(found, fmt.Sprintf("retry %v", t.retry))
		}
	}
}

// oracle decodes a whole body by the letter of WHATWG HTML 9.2.5 and 9.2.6.
func oracle(body []byte) (found []string) {
	text := string(validUTF8(body))
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	lines := strings.Split(text, "\n")
	var data []string
	var name, id string
	var own bool
	var retry time.Duration
	for _, line := range lines[:len(lines)-1] {
		if line == "" {
			if data == nil {
				found = append(found, fmt.Sprintf("id %q", id))
			} else {
				if name == "" {
					name = "message"
				}
				found = append(found, fmt.Sprintf("event %q %q id=%q own=%v retry=%v", name, strings.Join(data, "\n"), id, own, retry))
			}
			data, name, own, retry = nil, "", false, 0
			continue
		}
		field, value, colon := strings.Cut(line, ":")
		if colon && field == "" {
			found = append(found, fmt.Sprintf("comment %q", value))
			continue
		}
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "data":
			data = append(data, value)
		case "event":
			name = value
		case "id":
			if !strings.Contains(value, "\x00") {
				id, own = value, true
			}
		case "retry":
			if value != "" && strings.Trim(value, "0123456789") == "" {
				retry, _ = parseRetry([]byte(value))
				found = append(found, fmt.Sprintf("retry %v", retry))
			}
		}
	}
	return append(found, "EOF")
}

// cutReader returns its parts one by one.
type cutReader struct{ parts [][]byte }

func (r *cutReader) Read(p []byte) (int, error) {
	if len(r.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.parts[0])
	if r.parts[0] = r.parts[0][n:]; len(r.parts[0]) == 0 {
		r.parts = r.parts[1:]
	}
	return n, nil
}

func checkDecoding(t *testing.T, body []byte, parts ...[]byte) {
	t.Helper()
	const max = 1 << 20
	got := decodeAll(newSSEDecoder(&cutReader{parts}, max, ""))
	if want := oracle(body); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%q in %d parts\ngot  %q\nwant %q", body, len(parts), got, want)
	}
}

var bodies = []string{
	"data: a\n\n",
	"data: a\r\rdata: b\r\n\r\ndata: c\n\n",
	"\ufeffdata: a\n\n\ufeffdata: b\n\n",
	"\ufeff\ufeffdata: a\n\n",
	"data\n\ndata:\n\ndata: \n\ndata:  a\n\n",
	"data: a\ndata\ndata: b\n\n",
	"data: a\n\nid: 1\n\nid\n\ndata: b\n\n",
	"id: 1\ndata: a\n\ndata: b\n\nid: 2\x00\ndata: c\n\nid:\ndata: d\n\n",
	"event: tool.call\ndata: {}\n\nevent:\ndata: x\n\nevent: a\n\ndata: y\n\n",
	"retry: 10\n\nretry: 1x\nretry:\nretry: -1\nretry: 99999999999999999999\ndata: a\n\n",
	":\n: a\n:sse/1 heartbeat=15000 end\n::\ndata: a\n\n:end\n",
	"data: pending\n",
	"data: pending",
	"\n\n\r\n",
	"Data: a\ndata : a\n data: a\n\n",
	"data: \u2028\u0085\v\f\x1c\n\n",
	"data: h\u00e9llo \U0001f600\n\n",
	"data: \xff\xc3\xe2\x82x\xf0\x9f\x98\n\n\xed\xa0\x80\nevent: \xc0\xaf\ndata: a\n\nid: \xf4\x90\ndata\n\n",
	"event: a\ndata: 1\n\nevent: b\ndata: 2\n\nevent: c\ndata: 3\n\nevent: a\ndata: 4\n\n",
}

func TestSSEDecoderAtEveryCut(t *testing.T) {
	for _, text := range bodies {
		body := []byte(text)
		checkDecoding(t, body, body)
		for i := range body {
			for j := i; j < len(body); j++ {
				checkDecoding(t, body, body[:i], body[i:j], body[j:])
			}
		}
		got := decodeAll(newSSEDecoder(iotest.OneByteReader(bytes.NewReader(body)), 1<<20, ""))
		if want := oracle(body); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q bytewise\ngot  %q\nwant %q", body, got, want)
		}
	}
}

func TestSSEDecoderOfRandomBodies(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"data:", "data: ", "id:", "id: 7", "event: e", "retry: 5", ":", " ", "\n", "\r", "\r\n", "\n\n", "a", "\u00e9", "\xff", "\x00", "\ufeff", strings.Repeat("x", 3000)}
	for range 3000 {
		var body []byte
		var parts [][]byte
		for range random.IntN(60) {
			piece := pieces[random.IntN(len(pieces))]
			body = append(body, piece...)
		}
		for rest := body; len(rest) > 0; {
			n := 1 + random.IntN(len(rest))
			parts = append(parts, bytes.Clone(rest[:n]))
			rest = rest[n:]
		}
		checkDecoding(t, body, parts...)
	}
}

func TestSSEDecoderKeepsTheIDInForce(t *testing.T) {
	d := newSSEDecoder(strings.NewReader("data: a\n\n"), 100, "41")
	if got, _ := d.next(); got.event.ID != "41" || got.event.OwnID {
		t.Errorf("got %+v", got.event)
	}
}

func TestSSEDecoderLimit(t *testing.T) {
	for _, test := range []struct {
		body string
		ok   bool
	}{
		{"data: 1234567890\n\n", true},
		{"data: 12345678901\n\n", false},
		{"data: 12345\ndata: 6789\n\n", true},
		{"data: 12345\ndata: 67890\n\n", false},
		{"data: " + strings.Repeat("x", 100), false},
		{":" + strings.Repeat("x", 100), false},
		{"data: \u00e9\u00e9\u00e9\u00e9\u00e9\n\n", true},
		{"data: \u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\n\n", false},
		{strings.Repeat("data: 1\n", 6) + "\n", false},
	} {
		found := decodeAll(newSSEDecoder(iotest.HalfReader(strings.NewReader(test.body)), 10, ""))
		if ok := found[len(found)-1] == "EOF"; ok != test.ok {
			t.Errorf("%q: %q", test.body, found)
		}
	}
}

func TestDecodersReportWhatTheBodyFailedWith(t *testing.T) {
	broken := errors.New("broken")
	body := func() io.Reader { return io.MultiReader(strings.NewReader("data: 1\n\n2"), iotest.ErrReader(broken)) }
	for _, d := range []decoder{newSSEDecoder(body(), 100, ""), newJSONLinesDecoder(body(), 100, "error", false)} {
		var err error
		for err == nil {
			_, err = d.next()
		}
		if err != broken {
			t.Errorf("got %v", err)
		}
	}
}

// A body of one event must take time in proportion to its size, in whatever parts it comes: the
// bytes that are copied are counted.
func TestSSEDecoderIsLinear(t *testing.T) {
	const size = 4 << 20
	for _, end := range []string{"\n", "\r", "\r\n"} {
		for _, body := range []string{
			"data: " + strings.Repeat("x", size) + end + end,
			strings.Repeat("data: x"+end, size/8) + end,
			strings.Repeat("data: x"+end+end, size/9),
		} {
			grown := 0
			d := newSSEDecoder(strings.NewReader(body), 64<<20, "")
			keep := d.lines.keep
			d.lines.keep = func() { grown += d.lines.end - d.lines.start; keep() }
			decodeAll(d)
			if grown > 3*len(body) {
				t.Errorf("%d bytes were copied of %d, in lines that end with %q", grown, len(body), end)
			}
		}
	}
}

// An event costs no memory of its own: its data are in the buffer, names are kept, and many ids share
// a block.
func TestSSEDecoderMakesNoObjectForAnEvent(t *testing.T) {
	const events = 1000
	var body strings.Builder
	for i := range events {
		fmt.Fprintf(&body, "id: %d\nevent: trade\ndata: {\"sequence\":\"%[1]d\"}\n\n", 1_000_000+i)
	}
	made := testing.AllocsPerRun(5, func() {
		d := newSSEDecoder(strings.NewReader(body.String()), 1<<20, "")
		for range events {
			if found, err := d.next(); err != nil || found.kind != tokenEvent {
				t.Fatalf("got %v, %v", found, err)
			}
		}
	})
	if made > events/20 {
		t.Errorf("%v objects for %d events", made, events)
	}
}

// Ids that share a block are not changed by later ones.
func TestSSEDecoderKeepsIDs(t *testing.T) {
	var body strings.Builder
	for i := range 500 {
		fmt.Fprintf(&body, "id: %s%d\ndata:\n\n", strings.Repeat("x", i%90), i)
	}
	d := newSSEDecoder(strings.NewReader(body.String()), 1<<20, "")
	var ids []string
	for range 500 {
		found, err := d.next()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, found.event.ID)
	}
	for i, id := range ids {
		if want := fmt.Sprintf("%s%d", strings.Repeat("x", i%90), i); id != want {
			t.Errorf("got %q, want %q", id, want)
		}
	}
}

func TestValidUTF8ReplacesAsTheEncodingStandard(t *testing.T) {
	for in, want := range map[string]string{
		"\xe2\x82":             "\ufffd",
		"\xe2\x82x":            "\ufffdx",
		"\xf0\x9f\x98":         "\ufffd",
		"\xf0\x9f\x98\xe2\x82": "\ufffd\ufffd",
		"\xed\xa0\x80":         "\ufffd\ufffd\ufffd",
		"\xc0\xaf":             "\ufffd\ufffd",
		"\xf4\x90\x80\x80":     "\ufffd\ufffd\ufffd\ufffd",
		"\xff":                 "\ufffd",
		"a\u00e9":              "a\u00e9",
		"\xe0\x80\x80":         "\ufffd\ufffd\ufffd",
	} {
		if got := string(validUTF8([]byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestJSONLinesDecoder(t *testing.T) {
	for _, test := range []struct {
		body     string
		controls bool
		want     string
	}{
		{"{\"a\":1}\r\n\n{\"b\":2}", false, `["event \"message\" \"{\\\"a\\\":1}\"" "event \"message\" \"{\\\"b\\\":2}\"" "EOF"]`},
		{"\n{}\n\n{}\n{\"@end\":{}}\n", true, `["event \"message\" \"{}\"" "comment \"\"" "event \"message\" \"{}\"" "comment \"end\"" "EOF"]`},
		{"{}\n{\"a\"", true, `["event \"message\" \"{}\"" "EOF"]`},
		{"{\"@end\":{}}\n", false, `["event \"message\" \"{\\\"@end\\\":{}}\"" "EOF"]`},
		{`{ "@error" : {"code":5}}`, false, `["event \"failure\" \"{\\\"code\\\":5}\"" "EOF"]`},
		{`{"@error":`, false, `["event \"message\" \"{\\\"@error\\\":\"" "EOF"]`},
		{"\ufeff{}\n", false, `["event \"message\" \"{}\"" "EOF"]`},
		{strings.Repeat("x", 41) + "\n", false, `["` + ErrEventTooLarge.Error() + `"]`},
	} {
		for _, cut := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.DataErrReader} {
			d := newJSONLinesDecoder(cut(strings.NewReader(test.body)), 40, "failure", test.controls)
			got := strings.ReplaceAll(fmt.Sprintf("%q", decodeAll(d)), ` id=\"\" own=false retry=0s`, "")
			if got != test.want {
				t.Errorf("%q\ngot  %s\nwant %s", test.body, got, test.want)
			}
		}
	}
}

func FuzzSSEDecoder(f *testing.F) {
	for _, body := range bodies {
		f.Add([]byte(body), uint(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, size uint) {
		var parts [][]byte
		for rest := body; len(rest) > 0; {
			n := min(int(size%64)+1, len(rest))
			parts = append(parts, bytes.Clone(rest[:n]))
			rest = rest[n:]
		}
		checkDecoding(t, body, parts...)
	})
}

func FuzzJSONLinesDecoder(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n\n{\"@error\":{}}\n{\"@end\":{}}\n"), true)
	f.Fuzz(func(t *testing.T, body []byte, controls bool) {
		whole := decodeAll(newJSONLinesDecoder(bytes.NewReader(body), 1<<10, "error", controls))
		bytewise := decodeAll(newJSONLinesDecoder(iotest.OneByteReader(bytes.NewReader(body)), 1<<10, "error", controls))
		if fmt.Sprint(whole) != fmt.Sprint(bytewise) {
			t.Fatalf("whole %q\nbytewise %q", whole, bytewise)
		}
		for _, found := range whole {
			if !utf8.ValidString(found) {
				t.Fatalf("%q", found)
			}
		}
	})
}

func BenchmarkSSEDecoder(b *testing.B) {
	var body bytes.Buffer
	const events = 10_000
	for i := range events {
		fmt.Fprintf(&body, "id: %d\ndata: {\"sequence\":\"%d\",\"symbol\":\"AAPL\",\"price\":187.21,\"size\":100}\n\n", i, i)
	}
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	for range b.N {
		d := newSSEDecoder(bytes.NewReader(body.Bytes()), 16<<20, "")
		for {
			if _, err := d.next(); err != nil {
				break
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}
