package sse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
)

func TestOneTopicManyClients(t *testing.T) {
	const clients, events = 50, 300
	topic := NewTopic[*marketv1.Trade](TopicOptions{IDField: "sequence"})
	topic.Publish(trade(0))
	topic.Publish(trade(1))
	var begun sync.WaitGroup
	begun.Add(clients)
	server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		after, _ := s.LastEventID()
		return topic.Serve(ctx, s, after)
	}})
	var done sync.WaitGroup
	for range clients {
		done.Add(1)
		go func() {
			defer done.Done()
			next := int64(1)
			s := watch(t, context.Background(), server.URL, LastEventID("0"))
			for trade, err := range s.All() {
				if err != nil || trade.Sequence != next {
					t.Errorf("got %v, %v, want %d", trade, err, next)
					return
				}
				if next++; next == 2 {
					begun.Done()
				}
			}
			if next != events+1 {
				t.Errorf("%d events", next-1)
			}
		}()
	}
	begun.Wait()
	for n := int64(2); n <= events; n++ {
		if err := topic.Publish(trade(n)); err != nil {
			t.Fatal(err)
		}
		if n == events/2 {
			server.CloseClientConnections()
		}
	}
	topic.Close()
	done.Wait()
	if topic.Publish(trade(1)) == nil {
		t.Error("a closed topic took an event")
	}
}

func TestATopicSaysWhatItNoLongerKeeps(t *testing.T) {
	topic := NewTopic[*marketv1.Trade](TopicOptions{IDField: "sequence", Replay: 2})
	for n := int64(1); n <= 5; n++ {
		topic.Publish(trade(n))
	}
	topic.Close()
	server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		after, _ := s.LastEventID()
		return topic.Serve(ctx, s, after)
	}})
	response, body := get(t, "GET", server.URL+"/v1/trades/A:watch", http.Header{"Last-Event-Id": {"4"}}, "")
	if response.StatusCode != 200 || !strings.Contains(body, "id: 5\n") {
		t.Errorf("after 4: %d %q", response.StatusCode, body)
	}
	response, body = get(t, "GET", server.URL+"/v1/trades/A:watch", http.Header{"Last-Event-Id": {"1"}}, "")
	if response.StatusCode != 410 || !strings.Contains(body, `"code":11`) {
		t.Errorf("after 1: %d %q", response.StatusCode, body)
	}
}

// serveNews serves a topic over a log, as one of several nodes. Trades have no text field for the
// cursor, so events have it as their id alone.
func serveNews(t *testing.T, log EventLog) (*httptest.Server, *LogTopic[*marketv1.Delta]) {
	topic := NewLogTopic[*marketv1.Delta](log, "news", LogTopicOptions{})
	service := NewService("market.v1.MarketService", StreamHandler(&watchNews,
		func(ctx context.Context, _ *marketv1.GetQuoteRequest, s *Sender[*marketv1.Delta]) error {
			after, _ := s.LastEventID()
			return topic.Serve(ctx, s, after)
		}))
	server := httptest.NewServer(NewHandler(service))
	t.Cleanup(server.Close)
	return server, topic
}

var watchNews = Method{
	Name:     "market.v1.MarketService.WatchNews",
	Bindings: []Binding{{Method: "GET", Path: "/v1/news"}},
	Stream:   &StreamRule{Resumable: true},
}

func TestALogTopicOverTwoNodes(t *testing.T) {
	const events = 2000
	log := NewMemoryEventLog(Retention{})
	first, topic := serveNews(t, log)
	second, _ := serveNews(t, log)
	// A client that goes to the other node whenever its connection is cut.
	hosts := []string{first.Listener.Addr().String(), second.Listener.Addr().String()}
	turn := 0
	doer := doerFunc(func(r *http.Request) (*http.Response, error) {
		r.URL.Host = hosts[turn%2]
		turn++
		return http.DefaultClient.Do(r)
	})
	client := NewTransport("http://any", WithHTTPClient(doer))
	s := CallStream[*marketv1.Delta](context.Background(), client, &watchNews, &marketv1.GetQuoteRequest{}, []StreamOption{
		Reconnect(ReconnectPolicy{RetryPolicy: RetryPolicy{InitialDelay: time.Millisecond}}),
	})
	if _, err := s.Open(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for n := 1; n <= events; n++ {
			if _, err := topic.Publish(context.Background(), &marketv1.Delta{Text: fmt.Sprint(n)}, fmt.Sprint(n)); err != nil {
				t.Error(err)
			}
			if n%7 == 0 { // repeated: dropped by its key
				topic.Publish(context.Background(), &marketv1.Delta{Text: fmt.Sprint(n)}, fmt.Sprint(n))
			}
			if n%100 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	for n := 1; n <= events; n++ {
		if !s.Next() || s.Value().Text != fmt.Sprint(n) {
			t.Fatalf("got %v, want %d: %v", s.Value(), n, s.Err())
		}
		if n%150 == 0 {
			first.CloseClientConnections()
			second.CloseClientConnections()
		}
	}
	s.Close()
	if turn < 5 {
		t.Errorf("%d requests", turn)
	}
}

type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestALogTopicTellsGapsAndItsBeginning(t *testing.T) {
	log := NewMemoryEventLog(Retention{Events: 2})
	server, topic := serveNews(t, log)
	var cursors []string
	for range 4 {
		cursor, err := topic.Publish(context.Background(), &marketv1.Delta{Text: "x"}, "")
		if err != nil {
			t.Fatal(err)
		}
		cursors = append(cursors, cursor)
	}
	for cursor, want := range map[string]string{
		cursors[0]: "are no longer kept", "garbage": "no such event", strings.Replace(cursors[3], "-4", "-9", 1): "the log ends before it",
	} {
		response, body := get(t, "GET", server.URL+"/v1/news", http.Header{"Last-Event-Id": {cursor}}, "")
		if response.StatusCode != 410 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", cursor, response.StatusCode, body)
		}
	}
	transport := NewTransport(server.URL)
	s := CallStream[*marketv1.Delta](context.Background(), transport, &watchNews, &marketv1.GetQuoteRequest{}, []StreamOption{OnComment(func(text string) {
		if strings.HasPrefix(text, "sse/1") && !strings.Contains(text, "cursor="+cursors[3]) {
			t.Errorf("opening %q", text)
		}
		go topic.Publish(context.Background(), &marketv1.Delta{Text: "y"}, "")
	})})
	defer s.Close()
	if !s.Next() || s.Value().Text != "y" || s.LastEventID() != cursors[3] {
		t.Errorf("got %v, cursor %q, %v", s.Value(), s.LastEventID(), s.Err())
	}
}

func TestMemoryEventLog(t *testing.T) {
	ctx := context.Background()
	log := NewMemoryEventLog(Retention{})
	beginning, _ := log.Tip(ctx, "a")
	a1, _ := log.Append(ctx, "a", []byte("1"), "")
	b1, _ := log.Append(ctx, "b", []byte("x"), "")
	log.Append(ctx, "a", []byte("2"), "key")
	a2, _ := log.Append(ctx, "a", []byte("again"), "key")
	if tip, _ := log.Tip(ctx, "a"); tip != a2 {
		t.Errorf("tip %q, want %q", tip, a2)
	}
	entries, err := log.Read(ctx, "a", beginning, 10)
	if err != nil || len(entries) != 2 || string(entries[1].Data) != "2" {
		t.Errorf("got %v, %v", entries, err)
	}
	var gap *CursorError
	if _, err := log.Read(ctx, "a", b1, 10); !errors.As(err, &gap) || gap.Reason != GapUnknown {
		t.Errorf("a cursor of another topic: %v", err)
	}
	tailing, stop := context.WithCancel(ctx)
	got := make(chan Entry, 10)
	ended := make(chan error)
	go func() {
		ended <- log.Tail(tailing, "a", a1, func(entries []Entry) {
			for _, entry := range entries {
				got <- entry
			}
		})
	}()
	if entry := <-got; string(entry.Data) != "2" {
		t.Errorf("got %q", entry.Data)
	}
	log.Append(ctx, "b", []byte("other"), "")
	log.Append(ctx, "a", []byte("3"), "")
	if entry := <-got; string(entry.Data) != "3" {
		t.Errorf("got %q", entry.Data)
	}
	stop()
	<-ended
}
