package sse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	marketv1 "protoc-gen-sse/go/internal/market/v1"
)

// watchedLog is a log that counts its calls, and whose calls a test can delay or make fail.
type watchedLog struct {
	EventLog
	// before runs before each call; its error is that of the call.
	before atomic.Pointer[func(call string) error]
	mu     sync.Mutex
	calls  map[string]int
	tails  int
}

func watched(log EventLog) *watchedLog { return &watchedLog{EventLog: log, calls: map[string]int{}} }

func (l *watchedLog) fail(before func(call string) error) { l.before.Store(&before) }

func (l *watchedLog) enter(call string) error {
	l.mu.Lock()
	l.calls[call]++
	l.mu.Unlock()
	if before := l.before.Load(); before != nil {
		return (*before)(call)
	}
	return nil
}

func (l *watchedLog) count(call string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[call]
}

func (l *watchedLog) running() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tails
}

func (l *watchedLog) Append(ctx context.Context, topic string, data []byte, key string) (string, error) {
	if err := l.enter("append"); err != nil {
		return "", err
	}
	return l.EventLog.Append(ctx, topic, data, key)
}

func (l *watchedLog) Read(ctx context.Context, topic, after string, limit int) ([]Entry, error) {
	if err := l.enter("read"); err != nil {
		return nil, err
	}
	return l.EventLog.Read(ctx, topic, after, limit)
}

func (l *watchedLog) Tip(ctx context.Context, topic string) (string, error) {
	if err := l.enter("tip"); err != nil {
		return "", err
	}
	return l.EventLog.Tip(ctx, topic)
}

func (l *watchedLog) Tail(ctx context.Context, topic, after string, deliver func([]Entry)) error {
	if err := l.enter("tail"); err != nil {
		return err
	}
	l.mu.Lock()
	l.tails++
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.tails--
		l.mu.Unlock()
	}()
	return l.EventLog.Tail(ctx, topic, after, func(entries []Entry) {
		if l.enter("deliver") == nil {
			deliver(entries)
		}
	})
}

// gaps collects what OnGap is told.
type gaps struct {
	mu   sync.Mutex
	seen []GapReason
}

func (g *gaps) add(_, _ string, reason GapReason) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, reason)
}

func (g *gaps) has(reason GapReason) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, other := range g.seen {
		if other == reason {
			return true
		}
	}
	return false
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for began := time.Now(); !condition(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%s: not within 20 seconds", what)
		}
	}
}

// newsServer serves a log topic, which each call makes again.
func newsServer(t *testing.T, log EventLog, options LogTopicOptions) *httptest.Server {
	service := NewService("market.v1.MarketService", StreamHandler(&watchNews,
		func(ctx context.Context, _ *marketv1.GetQuoteRequest, s *Sender[*marketv1.Delta]) error {
			after, _ := s.LastEventID()
			return NewLogTopic[*marketv1.Delta](log, "news", options).Serve(ctx, s, after)
		}))
	server := httptest.NewServer(NewHandler(service))
	t.Cleanup(server.Close)
	return server
}

func watchFrom(t *testing.T, server *httptest.Server, options ...StreamOption) *Stream[*marketv1.Delta] {
	t.Helper()
	s := CallStream[*marketv1.Delta](context.Background(), NewTransport(server.URL), &watchNews, &marketv1.GetQuoteRequest{}, append(options, NoReconnect()))
	t.Cleanup(func() { s.Close() })
	if _, err := s.Open(); err != nil {
		t.Fatal(err)
	}
	return s
}

func publish(t *testing.T, log EventLog, text string) string {
	t.Helper()
	cursor, err := NewLogTopic[*marketv1.Delta](log, "news", LogTopicOptions{}).Publish(context.Background(), &marketv1.Delta{Text: text}, "")
	if err != nil {
		t.Fatal(err)
	}
	return cursor
}

func wantNext(t *testing.T, s *Stream[*marketv1.Delta], text string) {
	t.Helper()
	if !s.Next() || s.Value().Text != text {
		t.Fatalf("got %v, want %q: %v", s.Value(), text, s.Err())
	}
}

// wantCode checks what ends a stream.
func wantCode(t *testing.T, s *Stream[*marketv1.Delta], code Code) {
	t.Helper()
	for s.Next() {
	}
	var status *Error
	if !errors.As(s.Err(), &status) || status.Code != code {
		t.Fatalf("the stream ended with %v, want code %v", s.Err(), code)
	}
}

func TestLogTopicsOfOneNameShareATail(t *testing.T) {
	log := watched(NewMemoryEventLog(Retention{}))
	first := publish(t, log, "0")
	server := newsServer(t, log, LogTopicOptions{})
	var streams []*Stream[*marketv1.Delta]
	for range 20 {
		streams = append(streams, watchFrom(t, server, LastEventID(first)))
	}
	for n := 1; n <= 3; n++ {
		publish(t, log, fmt.Sprint(n))
	}
	for _, s := range streams {
		for n := 1; n <= 3; n++ {
			wantNext(t, s, fmt.Sprint(n))
		}
	}
	if log.count("tail") != 1 || log.count("tip") != 1 {
		t.Errorf("%d tails, %d tips", log.count("tail"), log.count("tip"))
	}
}

func TestSubscribersAtOneCursorShareAPage(t *testing.T) {
	log := watched(NewMemoryEventLog(Retention{}))
	first := publish(t, log, "0")
	publish(t, log, "1")
	hold := make(chan struct{})
	log.fail(func(call string) error {
		if call == "read" {
			<-hold
		}
		return nil
	})
	tail := newLogTail(log, "news", LogTopicOptions{}, NewLogTopic[*marketv1.Delta](log, "news", LogTopicOptions{}).event)
	defer tail.stop()
	var all sync.WaitGroup
	for range 10 {
		all.Add(1)
		go func() {
			defer all.Done()
			if page, err := tail.read(context.Background(), first); err != nil || len(page) != 1 {
				t.Errorf("got %v, %v", page, err)
			}
		}()
	}
	until(t, "a read has begun", func() bool { return log.count("read") == 1 })
	time.Sleep(10 * time.Millisecond) // for the others to come
	close(hold)
	all.Wait()
	if count := log.count("read"); count != 1 {
		t.Errorf("%d reads", count)
	}
}

func TestASubscriberThatCameFirstGetsWhatIsPublished(t *testing.T) {
	log := watched(NewMemoryEventLog(Retention{}))
	release := make(chan struct{})
	log.fail(func(call string) error {
		if call == "tip" {
			<-release
		}
		return nil
	})
	server := newsServer(t, log, LogTopicOptions{})
	s := watchFrom(t, server)
	published := make(chan string)
	go func() { published <- publish(t, log, "first") }()
	select {
	case <-published:
		t.Fatal("published before the tail had begun")
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	<-published
	wantNext(t, s, "first")
}

func TestReasonsOfGaps(t *testing.T) {
	var told gaps
	log := watched(NewMemoryEventLog(Retention{Events: 10}))
	server := newsServer(t, log, LogTopicOptions{OnGap: told.add})
	first := publish(t, log, "0")
	last := first
	for n := range 20 {
		last = publish(t, log, fmt.Sprint(n))
	}
	for cursor, reason := range map[string]GapReason{first: GapTrimmed, last + "0": GapFuture, "garbage": GapUnknown, "é": GapUnknown} {
		told.seen = nil
		response, body := get(t, "GET", server.URL+"/v1/news", http.Header{"Last-Event-Id": {cursor}}, "")
		if response.StatusCode != 410 || !strings.Contains(body, gapTexts[reason]) || !told.has(reason) {
			t.Errorf("%s: %d %s, %v", cursor, response.StatusCode, body, told.seen)
		}
	}
}

func TestAConnectedClientThatFallsBehindEndsWithBehind(t *testing.T) {
	var told gaps
	log := watched(NewMemoryEventLog(Retention{Events: 10}))
	server := newsServer(t, log, LogTopicOptions{OnGap: told.add})
	s := watchFrom(t, server)
	publish(t, log, "0")
	wantNext(t, s, "0")
	// The client does not read: its place leaves the ring, and then the log.
	text := strings.Repeat("x", 10_000)
	for range 3000 {
		publish(t, log, text)
	}
	wantCode(t, s, OutOfRange)
	if !strings.Contains(s.Err().Error(), gapTexts[GapBehind]) || !told.has(GapBehind) {
		t.Errorf("got %v, %v", s.Err(), told.seen)
	}
}

func TestAClientThatDoesNotReadHoldsNoEvents(t *testing.T) {
	log := NewMemoryEventLog(Retention{Events: 100})
	server := newsServer(t, log, LogTopicOptions{})
	s := watchFrom(t, server)
	publish(t, log, "0")
	wantNext(t, s, "0")
	var held atomic.Int64
	text := strings.Repeat("x", 2000)
	tails.Lock()
	var tail *logTail
	for key, other := range tails.byKey {
		if key.log == EventLog(log) {
			tail = other
		}
	}
	tails.Unlock()
	inner := tail.toEvent
	tail.mu.Lock()
	tail.toEvent = func(entry Entry, onEncode func(int)) *sharedEvent {
		event := inner(entry, onEncode)
		held.Add(1)
		runtime.SetFinalizer(event, func(*sharedEvent) { held.Add(-1) })
		return event
	}
	tail.mu.Unlock()
	for range 20_000 {
		publish(t, log, text)
	}
	// The ring has 1,024. The stream has taken what fits in the buffers of the connection.
	until(t, "the others are collected", func() bool {
		runtime.GC()
		return held.Load() <= logRingSize+50
	})
}

func TestATailThatFailsBeginsAgain(t *testing.T) {
	for name, failure := range map[string]error{
		"with a lost connection": errors.New("connection refused"),
		"with a gap":             &CursorError{"x", GapBehind},
	} {
		t.Run(name, func(t *testing.T) {
			var told gaps
			log := &failingTail{EventLog: NewMemoryEventLog(Retention{}), failure: make(chan error)}
			server := newsServer(t, log, LogTopicOptions{OnGap: told.add})
			s := watchFrom(t, server)
			publish(t, log, "0")
			wantNext(t, s, "0")
			for n := 1; n <= 5; n++ {
				log.failure <- failure
				publish(t, log, fmt.Sprint(n))
				wantNext(t, s, fmt.Sprint(n))
			}
			if told.has(GapBehind) != errors.As(failure, new(*CursorError)) {
				t.Errorf("told of %v", told.seen)
			}
		})
	}
}

// failingTail is a log whose tail fails on demand.
type failingTail struct {
	EventLog
	failure chan error
}

func (l *failingTail) Tail(ctx context.Context, topic, after string, deliver func([]Entry)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case err := <-l.failure:
			cancel(err)
		case <-ended:
		}
	}()
	return l.EventLog.Tail(ctx, topic, after, deliver)
}

func TestALogThatFailsForAWhileEndsNothing(t *testing.T) {
	log := watched(NewMemoryEventLog(Retention{}))
	server := newsServer(t, log, LogTopicOptions{})
	s := watchFrom(t, server)
	publish(t, log, "0")
	wantNext(t, s, "0")
	log.fail(func(string) error { return errors.New("connection refused") })
	_, err := NewLogTopic[*marketv1.Delta](log, "news", LogTopicOptions{}).Publish(context.Background(), &marketv1.Delta{}, "")
	var status *Error
	if !errors.As(err, &status) || status.Code != Unavailable {
		t.Errorf("got %v", err)
	}
	log.fail(func(string) error { return nil })
	publish(t, log, "1")
	wantNext(t, s, "1")
}

func TestAClosedLogEndsStreams(t *testing.T) {
	log := NewMemoryEventLog(Retention{})
	server := newsServer(t, log, LogTopicOptions{})
	s := watchFrom(t, server)
	publish(t, log, "0")
	wantNext(t, s, "0")
	log.Close()
	wantCode(t, s, Unavailable)
	response, _ := get(t, "GET", server.URL+"/v1/news", nil, "")
	if response.StatusCode != 503 {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestATopicIsFollowedForAWhileAfterItsLastSubscriber(t *testing.T) {
	before := logIdleTime
	logIdleTime = 20 * time.Millisecond
	log := watched(NewMemoryEventLog(Retention{}))
	server := newsServer(t, log, LogTopicOptions{})
	// After the server, whose streams read the time.
	t.Cleanup(func() { server.Close(); logIdleTime = before })
	for n := 1; n <= 3; n++ {
		s := watchFrom(t, server)
		publish(t, log, "x")
		wantNext(t, s, "x")
		s.Close()
		until(t, "the tail has ended", func() bool { return log.running() == 0 })
		if count := log.count("tail"); count != n {
			t.Errorf("%d tails after %d clients", count, n)
		}
	}
}

func TestCloseOfALogTopic(t *testing.T) {
	log := NewMemoryEventLog(Retention{})
	for _, failure := range []error{nil, Errorf(Aborted, "the market is closed")} {
		server := newsServer(t, log, LogTopicOptions{})
		s := watchFrom(t, server)
		topic := NewLogTopic[*marketv1.Delta](log, "news", LogTopicOptions{})
		for n := range 3 {
			publish(t, log, fmt.Sprint(n))
		}
		wantNext(t, s, "0")
		// What this node has received is delivered before the end.
		until(t, "the node has the events", func() bool {
			tails.Lock()
			defer tails.Unlock()
			end, kept := tails.byKey[topic.key].ring.size()
			return end > 0 && kept >= 3
		})
		topic.CloseWithError(failure)
		wantNext(t, s, "1")
		wantNext(t, s, "2")
		if failure == nil {
			if s.Next() || s.Err() != nil {
				t.Errorf("got %v, %v", s.Value(), s.Err())
			}
		} else {
			wantCode(t, s, Aborted)
		}
		if _, err := topic.Publish(context.Background(), &marketv1.Delta{}, ""); err != errTopicClosed {
			t.Errorf("got %v", err)
		}
		// It stays closed with this error, and does not close another topic of its name.
		other := NewLogTopic[*marketv1.Delta](log, "news", LogTopicOptions{})
		tail := other.subscribe()
		topic.Close()
		if err := topic.Serve(context.Background(), nil, ""); err != failure || tail.ring.isClosed() {
			t.Errorf("got %v, and the other topic is closed: %v", err, tail.ring.isClosed())
		}
		other.Close()
	}
}

func TestOnTail(t *testing.T) {
	log := NewMemoryEventLog(Retention{})
	told := make(chan TailInfo, 10)
	server := newsServer(t, log, LogTopicOptions{OnTail: func(topic string, info TailInfo) {
		if topic != "news" {
			t.Errorf("topic %q", topic)
		}
		told <- info
	}})
	s := watchFrom(t, server)
	publish(t, log, "0")
	wantNext(t, s, "0")
	if info := <-told; info.Entries != 1 || info.Lag < 0 {
		t.Errorf("got %+v", info)
	}
}

func TestTopicsRefuseWhatNoStreamCouldSend(t *testing.T) {
	events := NewTopic[*marketv1.AskEvent](TopicOptions{})
	if err := events.Publish(&marketv1.AskEvent{}); err == nil || !strings.Contains(err.Error(), `set a member of its oneof "event"`) {
		t.Errorf("got %v", err)
	}
	quotes := NewTopic[*marketv1.Quote](TopicOptions{})
	if err := quotes.Publish(&marketv1.Quote{Time: &timestamppb.Timestamp{Seconds: 1 << 50}}); err == nil {
		t.Error("a time that has no JSON was published")
	}
	if err := quotes.Publish(nil); err == nil {
		t.Error("nil was published")
	}
	log := NewLogTopic[*marketv1.AskEvent](NewMemoryEventLog(Retention{}), "x", LogTopicOptions{})
	if _, err := log.Publish(context.Background(), &marketv1.AskEvent{}, ""); err == nil {
		t.Error("a message without an event was published")
	}
}

func TestTopicsWithoutALogShareOne(t *testing.T) {
	first := NewLogTopic[*marketv1.Delta](nil, "x", LogTopicOptions{})
	second := NewLogTopic[*marketv1.Delta](nil, "x", LogTopicOptions{})
	cursor, err := first.Publish(context.Background(), &marketv1.Delta{Text: "y"}, "")
	if tip, _ := second.log.Tip(context.Background(), "x"); err != nil || tip != cursor {
		t.Errorf("got %q, %q, %v", tip, cursor, err)
	}
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "give the topic a name in its log") {
			t.Errorf("got %q", text)
		}
	}()
	NewLogTopic[*marketv1.Delta](nil, "", LogTopicOptions{})
}

func TestTheFieldWithEventIDIsFound(t *testing.T) {
	schema := newTopicSchema((&marketv1.Trade{}).ProtoReflect().Descriptor(), "")
	if schema.idField == nil || schema.idField.Name() != "sequence" {
		t.Errorf("got %v", schema.idField)
	}
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "cannot hold the cursor of an event log: make it a text field") {
			t.Errorf("got %q", text)
		}
	}()
	NewLogTopic[*marketv1.Trade](NewMemoryEventLog(Retention{}), "x", LogTopicOptions{})
}

func TestATopicEndsWithAnError(t *testing.T) {
	topic := NewTopic[*marketv1.Trade](TopicOptions{})
	server, _ := serve(t, market{watchTrades: func(ctx context.Context, _ *marketv1.WatchTradesRequest, s *Sender[*marketv1.Trade]) error {
		after, _ := s.LastEventID()
		return topic.Serve(ctx, s, after)
	}})
	for n := int64(1); n <= 3; n++ {
		topic.Publish(trade(n))
	}
	topic.CloseWithError(Errorf(Aborted, "the market is closed"))
	_, body := get(t, "GET", server.URL+"/v1/trades/A:watch", http.Header{"Last-Event-Id": {"1"}}, "")
	if !strings.Contains(body, "id: 3\n") || !strings.Contains(body, "event: error\ndata: {\"code\":10,") {
		t.Errorf("got %q", body)
	}
}

func TestWhatATopicHoldsIsBounded(t *testing.T) {
	ring := newEventRing(10, 1000)
	add := func(bytes int) *sharedEvent {
		var event *sharedEvent
		_ = ring.push(bytes, func(number int) (*sharedEvent, error) {
			event = newSharedEvent(fmt.Sprint(number), nil, func(bytes int) { ring.hold(number, bytes) })
			return event, nil
		})
		return event
	}
	last := add(100)
	for range 20 {
		last = add(100)
	}
	if _, kept := ring.size(); kept != 10 {
		t.Errorf("%d events are kept", kept)
	}
	// What is encoded counts too.
	encoder, _ := newSSEEncoder((&marketv1.Delta{}).ProtoReflect().Descriptor(), &StreamRule{}, 0, protojson.MarshalOptions{})
	last.message = func() (proto.Message, error) { return &marketv1.Delta{Text: strings.Repeat("x", 460)}, nil }
	if _, err := last.frame(encoder); err != nil {
		t.Fatal(err)
	}
	if _, kept := ring.size(); kept != 5 {
		t.Errorf("%d events are kept", kept)
	}
	last.onEncode(5000)
	if _, kept := ring.size(); kept != 1 {
		t.Errorf("%d events are kept", kept)
	}
	var overtaken place
	ring.next(&overtaken)
	if !overtaken.isLost {
		t.Error("a place that was dropped is not lost")
	}
}

func TestTheLogInMemoryForgetsTopics(t *testing.T) {
	log := NewMemoryEventLog(Retention{Age: time.Millisecond})
	cursor, _ := log.Append(context.Background(), "old", nil, "")
	beginning, _ := log.Tip(context.Background(), "never")
	time.Sleep(5 * time.Millisecond)
	log.Append(context.Background(), "new", nil, "")
	if len(log.topics) != 1 {
		t.Errorf("%d topics", len(log.topics))
	}
	var gap *CursorError
	if _, err := log.Read(context.Background(), "old", cursor, 1); !errors.As(err, &gap) || gap.Reason != GapTrimmed {
		t.Errorf("got %v", err)
	}
	if _, err := log.Read(context.Background(), "never", beginning, 1); err != nil {
		t.Errorf("got %v", err)
	}
	if len(log.topics) != 1 {
		t.Error("reading made a topic")
	}
}
