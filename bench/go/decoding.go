package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/launchdarkly/eventsource"
	gosse "github.com/tmaxmax/go-sse"

	"protoc-gen-sse/go/sse"
)

const decoded = 200_000

// slices is a body that gives a limited number of bytes a read, as a connection does.
type slices struct {
	text []byte
	size int
}

func (s *slices) Read(p []byte) (int, error) {
	if len(s.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.text[:min(s.size, len(s.text))])
	s.text = s.text[n:]
	return n, nil
}

// keep takes what a caller would keep of an event: the data.
var keep string

// decoders read a body and return the number of its events.
var decoders = map[string]func(body io.Reader) (int, error){
	"ours": func(body io.Reader) (n int, err error) {
		err = sse.ReadEvents(body, func(event sse.RawEvent) {
			keep = string(event.Data)
			n++
		})
		return n, err
	},
	"in place": func(body io.Reader) (n int, err error) {
		err = sse.ReadEvents(body, func(sse.RawEvent) { n++ })
		return n, err
	},
	"go-sse": func(body io.Reader) (n int, err error) {
		for event, err := range gosse.Read(body, &gosse.ReadConfig{MaxEventSize: 16 << 20}) {
			if err != nil {
				return n, err
			}
			keep = event.Data
			n++
		}
		return n, nil
	},
	"eventsource": func(body io.Reader) (n int, err error) {
		for decoder := eventsource.NewDecoder(body); ; n++ {
			event, err := decoder.Decode()
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return n, err
			}
			keep = event.Data()
		}
	},
	// The lines alone, without names of fields, CR, limits or UTF-8.
	"ReadString": func(body io.Reader) (n int, err error) {
		for lines := bufio.NewReaderSize(body, 64<<10); ; {
			line, err := lines.ReadString('\n')
			if err == io.EOF {
				return n, nil
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				keep = data[:len(data)-1]
				n++
			}
		}
	},
}

// trades returns the bytes of a stream of trades. With an id, an event has about 145 bytes.
func trades(format string) func() []byte {
	return sync.OnceValue(func() []byte {
		var b bytes.Buffer
		for i := range decoded {
			fmt.Fprintf(&b, format, 1_000_000+i, symbol, price(i), size(i))
		}
		return b.Bytes()
	})
}

func init() {
	// Made when they are first read: each client is a process of this program, too.
	bodies := map[string]func() []byte{
		"data":               trades("data: {\"sequence\":\"%d\",\"symbol\":\"%s\",\"price\":%.2f,\"size\":%d}\n\n"),
		"id and data":        trades("id: %d\ndata: {\"sequence\":\"%[1]d\",\"symbol\":\"%[2]s\",\"price\":%[3].2f,\"size\":%[4]d}\n\n"),
		"id, event and data": trades("event: trade\nid: %d\ndata: {\"sequence\":\"%[1]d\",\"symbol\":\"%[2]s\",\"price\":%[3].2f,\"size\":%[4]d}\n\n"),
	}
	for fields, body := range bodies {
		for name, decode := range decoders {
			subjects[fmt.Sprintf("decode %s: %s", fields, name)] = func() costs {
				text := body()
				run := func() {
					n, err := decode(&slices{text, 16 << 10})
					check(err)
					if n != decoded {
						fail(fmt.Errorf("%s gave %d events", name, n))
					}
				}
				used := costs{}
				used["objects"] = allocations(decoded, func() { used["time"] = cpuOf(time.Nanosecond, decoded, run) })
				return used
			}
		}
	}
	for _, end := range []string{"LF", "CR"} {
		for _, mebibytes := range []int{1, 4} {
			body := []byte("data: " + strings.Repeat("a", mebibytes<<20) + "\n\n")
			if end == "CR" {
				body = bytes.ReplaceAll(body, []byte("\n"), []byte("\r"))
			}
			large := func(read func(body io.Reader) error) func() costs {
				// As many bytes for both sizes, so that the resolution of the clock counts no more for one.
				times := 64 / mebibytes
				return func() costs {
					return costs{"time": cpuOf(time.Millisecond, times, func() {
						for range times {
							check(read(&slices{body, 1400}))
						}
					})}
				}
			}
			subjects[fmt.Sprintf("%d MiB, %s: ours", mebibytes, end)] = large(func(body io.Reader) error {
				n, err := decoders["in place"](body)
				if n != 1 {
					fail(fmt.Errorf("%d events", n))
				}
				return err
			})
			// What it takes to hold the bytes, and no more.
			subjects[fmt.Sprintf("%d MiB, %s: bytes.Buffer", mebibytes, end)] = large(func(body io.Reader) error {
				_, err := new(bytes.Buffer).ReadFrom(body)
				return err
			})
		}
	}
}
