package eventlogtest

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"protoc-gen-sse/go/sse"
)

func TestTheLogInMemory(t *testing.T) {
	suite := Suite{Open: func(o Options) (sse.EventLog, error) { return sse.NewMemoryEventLog(o.Keep), nil }}
	for _, c := range suite.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// broken is a log in memory with one mistake.
type broken struct {
	*sse.MemoryEventLog
	append func(ctx context.Context, topic string, data []byte, key string) (string, error)
	read   func(ctx context.Context, topic, after string, limit int) ([]sse.Entry, error)
	tip    func(ctx context.Context, topic string) (string, error)
	tail   func(ctx context.Context, topic, after string, deliver func([]sse.Entry)) error
}

func (b *broken) Append(ctx context.Context, topic string, data []byte, key string) (string, error) {
	return b.append(ctx, topic, data, key)
}

func (b *broken) Read(ctx context.Context, topic, after string, limit int) ([]sse.Entry, error) {
	return b.read(ctx, topic, after, limit)
}

func (b *broken) Tip(ctx context.Context, topic string) (string, error) { return b.tip(ctx, topic) }

func (b *broken) Tail(ctx context.Context, topic, after string, deliver func([]sse.Entry)) error {
	return b.tail(ctx, topic, after, deliver)
}

var mistakes = []struct {
	name  string
	found string
	make  func(log *sse.MemoryEventLog, b *broken)
}{
	{"Read returns the entry of the cursor as well", "strictly after", func(log *sse.MemoryEventLog, b *broken) {
		b.read = func(ctx context.Context, topic, after string, limit int) ([]sse.Entry, error) {
			page, err := log.Read(ctx, topic, after, limit)
			if len(page) == 0 {
				return page, err
			}
			return append([]sse.Entry{{Cursor: after}}, page...), nil
		}
	}},
	{"Read ignores the limit", "no more than the limit", func(log *sse.MemoryEventLog, b *broken) {
		b.read = func(ctx context.Context, topic, after string, _ int) ([]sse.Entry, error) {
			return log.Read(ctx, topic, after, 1000)
		}
	}},
	{"Read returns nothing in place of an error", "trimmed is refused|another topic is refused|lost is refused|invalid cursor", func(log *sse.MemoryEventLog, b *broken) {
		b.read = func(ctx context.Context, topic, after string, limit int) ([]sse.Entry, error) {
			entries, _ := log.Read(ctx, topic, after, limit)
			return entries, nil
		}
	}},
	{"a gap is no CursorError", "trimmed is refused|invalid cursor", func(log *sse.MemoryEventLog, b *broken) {
		b.read = func(ctx context.Context, topic, after string, limit int) ([]sse.Entry, error) {
			entries, err := log.Read(ctx, topic, after, limit)
			if err != nil {
				err = errors.New(err.Error())
			}
			return entries, err
		}
	}},
	{"a tail goes on from the end after a cursor that is not kept", "trimmed is refused|invalid cursor", func(log *sse.MemoryEventLog, b *broken) {
		b.tail = func(ctx context.Context, topic, after string, deliver func([]sse.Entry)) error {
			if _, err := log.Read(ctx, topic, after, 1); err != nil {
				after, _ = log.Tip(ctx, topic)
			}
			return log.Tail(ctx, topic, after, deliver)
		}
	}},
	{"a tail leaves out what was there when it began", "entries after its cursor, and then", func(log *sse.MemoryEventLog, b *broken) {
		b.tail = func(ctx context.Context, topic, _ string, deliver func([]sse.Entry)) error {
			tip, _ := log.Tip(ctx, topic)
			return log.Tail(ctx, topic, tip, deliver)
		}
	}},
	{"a tail delivers an entry twice", "misses none and repeats none|entries after its cursor", func(log *sse.MemoryEventLog, b *broken) {
		b.tail = func(ctx context.Context, topic, after string, deliver func([]sse.Entry)) error {
			return log.Tail(ctx, topic, after, func(entries []sse.Entry) { deliver(append(entries, entries...)) })
		}
	}},
	{"a tail that was ended gets more", "ended gets nothing more|end its own tail", func(log *sse.MemoryEventLog, b *broken) {
		b.tail = func(ctx context.Context, topic, after string, deliver func([]sse.Entry)) error {
			go log.Tail(context.Background(), topic, after, deliver)
			<-ctx.Done()
			return context.Cause(ctx)
		}
	}},
	{"keys are ignored", "key that is repeated", func(log *sse.MemoryEventLog, b *broken) {
		b.append = func(ctx context.Context, topic string, data []byte, _ string) (string, error) {
			return log.Append(ctx, topic, data, "")
		}
	}},
	{"the data is a text", "byte for byte", func(log *sse.MemoryEventLog, b *broken) {
		b.append = func(ctx context.Context, topic string, data []byte, key string) (string, error) {
			return log.Append(ctx, topic, []byte(strings.ToValidUTF8(string(data), "?")), key)
		}
	}},
	{"names of topics are not told apart", "no two names of topics", func(log *sse.MemoryEventLog, b *broken) {
		b.append = func(ctx context.Context, topic string, data []byte, key string) (string, error) {
			return log.Append(ctx, strings.ToLower(topic), data, key)
		}
		b.tip = func(ctx context.Context, topic string) (string, error) { return log.Tip(ctx, strings.ToLower(topic)) }
		b.tail = func(ctx context.Context, topic, after string, deliver func([]sse.Entry)) error {
			return log.Tail(ctx, strings.ToLower(topic), after, deliver)
		}
	}},
	{"Tip is the first entry", "tip is the cursor of the last entry", func(log *sse.MemoryEventLog, b *broken) {
		var first sync.Map
		b.append = func(ctx context.Context, topic string, data []byte, key string) (string, error) {
			cursor, err := log.Append(ctx, topic, data, key)
			first.LoadOrStore(topic, cursor)
			return cursor, err
		}
		b.tip = func(ctx context.Context, topic string) (string, error) {
			if cursor, ok := first.Load(topic); ok {
				return cursor.(string), nil
			}
			return log.Tip(ctx, topic)
		}
	}},
	{"Close is an error of the network to the tails", "close ends all tails", func(log *sse.MemoryEventLog, b *broken) {
		b.tail = func(ctx context.Context, topic, after string, deliver func([]sse.Entry)) error {
			return errors.New(log.Tail(ctx, topic, after, deliver).Error())
		}
	}},
}

func TestTheSuiteFinds(t *testing.T) {
	for _, mistake := range mistakes {
		t.Run(mistake.name, func(t *testing.T) {
			t.Parallel()
			suite := Suite{Open: func(o Options) (sse.EventLog, error) {
				log := sse.NewMemoryEventLog(o.Keep)
				b := &broken{log, log.Append, log.Read, log.Tip, log.Tail}
				mistake.make(log, b)
				return b, nil
			}}
			// The cases in question are enough: the others would wait for what does not come.
			for _, c := range suite.Cases() {
				if regexp.MustCompile(mistake.found).MatchString(c.Name) && c.Run() != nil {
					return
				}
			}
			t.Error("not found")
		})
	}
}
