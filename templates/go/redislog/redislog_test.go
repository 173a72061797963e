package redislog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"protoc-gen-sse/go/eventlogtest"
	"protoc-gen-sse/go/sse"
)

// server is a Redis that a test has started.
type server struct {
	t       *testing.T
	port    int
	args    []string
	process *exec.Cmd
}

// startServer starts Redis on a free port, in a folder of its own. It ends with the test.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "" {
			t.Skip("redis-server is not installed")
		}
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	s := &server{t: t, port: port, args: append([]string{
		"--bind", "127.0.0.1", "--port", fmt.Sprint(port), "--dir", t.TempDir(), "--save", "", "--appendonly", "no",
	}, args...)}
	t.Cleanup(s.kill)
	s.start()
	return s
}

func (s *server) start() {
	s.process = exec.Command("redis-server", s.args...)
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.until("the server answers", func() bool {
		connection, err := net.Dial("tcp", s.address())
		if err == nil {
			connection.Close()
		}
		return err == nil
	})
}

func (s *server) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

func (s *server) address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// until waits for a condition. It does not measure anything.
func (s *server) until(what string, condition func() bool) {
	s.t.Helper()
	for began := time.Now(); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			s.t.Fatalf("%s: not within 30 seconds", what)
		}
	}
}

func (s *server) client() *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: s.address()})
	s.t.Cleanup(func() { client.Close() })
	return client
}

func (s *server) log(options Options) *Log {
	return openLog(s.t, s.client(), options)
}

func openLog(t *testing.T, client redis.UniversalClient, options Options) *Log {
	log := New(client, options)
	t.Cleanup(func() { log.Close() })
	return log
}

func TestTheSuite(t *testing.T) { runSuite(t, startServer(t).client()) }

func runSuite(t *testing.T, client redis.UniversalClient) {
	suite := eventlogtest.Suite{Shared: true, Open: func(o eventlogtest.Options) (sse.EventLog, error) {
		return New(client, Options{Prefix: o.Store + ":", Events: o.Keep.Events, Age: o.Keep.Age}), nil
	}}
	for _, c := range suite.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Run(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

var background = context.Background()

func appendAll(t *testing.T, log *Log, texts ...string) (cursors []string) {
	t.Helper()
	for _, text := range texts {
		cursor, err := log.Append(background, "t", []byte(text), "")
		if err != nil {
			t.Fatal(err)
		}
		cursors = append(cursors, cursor)
	}
	return cursors
}

func numbers(count int) (texts []string) {
	for n := range count {
		texts = append(texts, fmt.Sprint(n))
	}
	return texts
}

// tail is what a tail has received.
type tail struct {
	stop context.CancelFunc
	// ended gets what Tail returned.
	ended chan error
	mu    sync.Mutex
	texts []string
}

func follow(t *testing.T, log *Log, topic, after string) *tail {
	ctx, stop := context.WithCancel(background)
	f := &tail{stop: stop, ended: make(chan error, 1)}
	t.Cleanup(stop)
	go func() {
		f.ended <- log.Tail(ctx, topic, after, func(entries []sse.Entry) {
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, entry := range entries {
				f.texts = append(f.texts, string(entry.Data))
			}
		})
	}()
	return f
}

func (f *tail) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.texts)
}

func isGap(t *testing.T, err error, reasons ...sse.GapReason) {
	t.Helper()
	var gap *sse.CursorError
	var status *sse.Error
	if !errors.As(err, &gap) || !slices.Contains(reasons, gap.Reason) || !errors.As(err, &status) || status.Code != sse.OutOfRange {
		t.Errorf("got %v, want a gap: %v", err, reasons)
	}
}

func TestOneConnectionWaitsForAllTopics(t *testing.T) {
	s := startServer(t)
	client := redis.NewClient(&redis.Options{Addr: s.address(), PoolSize: 1})
	defer client.Close()
	log := openLog(t, client, Options{})
	var tails []*tail
	for n := range 200 {
		topic := fmt.Sprint("t", n)
		tip, err := log.Tip(background, topic)
		if err != nil {
			t.Fatal(err)
		}
		tails = append(tails, follow(t, log, topic, tip))
	}
	admin := s.client()
	count := func() int {
		list, _ := admin.ClientList(background).Result()
		return strings.Count(list, "id=") - strings.Count(list, "cmd=client|list")
	}
	s.until("all are followed", func() bool {
		list, _ := admin.ClientList(background).Result()
		return strings.Contains(list, "cmd=xread")
	})
	if got := count(); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
	for _, tail := range tails {
		tail.stop()
		if err := <-tail.ended; err != context.Canceled {
			t.Errorf("the tail returned %v", err)
		}
	}
	s.until("the connection that waits is closed", func() bool { return count() == 1 })
}

func TestACrashLosesEntries(t *testing.T) {
	s := startServer(t)
	log, admin := s.log(Options{}), s.client()
	kept := appendAll(t, log, numbers(10)...)
	if err := admin.Save(background).Err(); err != nil {
		t.Fatal(err)
	}
	tail := follow(t, log, "t", kept[9])
	lost := appendAll(t, log, numbers(5)...)
	s.until("the tail has the entries", func() bool { return len(tail.seen()) == 5 })
	s.kill()
	s.start()
	s.until("the log answers", func() bool { _, err := log.Tip(background, "t"); return err == nil })
	appendAll(t, log, "other 0", "other 1", "other 2", "other 3", "other 4", "other 5")
	// The number of the last entry that was lost was given again, its id was not.
	entries, err := admin.XRange(background, "{sse:t}:log", "-", "+").Result()
	if err != nil || entries[14].Values["n"] != "15" || entries[14].Values["d"] != "other 4" {
		t.Errorf("got %v, %v", entries, err)
	}
	for _, cursor := range lost {
		_, err := log.Read(background, "t", cursor, 10)
		isGap(t, err, sse.GapUnknown)
	}
	if entries, err := log.Read(background, "t", kept[9], 10); err != nil || string(entries[0].Data) != "other 0" {
		t.Errorf("got %v, %v", entries, err)
	}
	// Before or after the others were written.
	isGap(t, <-tail.ended, sse.GapFuture, sse.GapUnknown)
	if seen := tail.seen(); len(seen) != 5 {
		t.Errorf("got %v", seen)
	}
}

func TestGapsThatRedisDoesNotReport(t *testing.T) {
	s := startServer(t)
	admin := s.client()
	isWaiting := func() bool {
		list, _ := admin.ClientList(background).Result()
		return strings.Contains(list, "cmd=xread")
	}
	t.Run("a cursor from the future", func(t *testing.T) {
		log := s.log(Options{Prefix: "future:"})
		cursor := appendAll(t, log, "one")[0]
		_, err := log.Read(background, "t", "9"+cursor, 10)
		isGap(t, err, sse.GapFuture)
		isGap(t, <-follow(t, log, "t", "9"+cursor).ended, sse.GapFuture)
	})
	t.Run("a stream that is lost, with nothing written to it", func(t *testing.T) {
		log := s.log(Options{Prefix: "lost:"})
		tail := follow(t, log, "t", appendAll(t, log, "one")[0])
		s.until("the tail waits", isWaiting)
		admin.Del(background, "{lost:t}:log")
		isGap(t, <-tail.ended, sse.GapFuture)
	})
	t.Run("entries that are trimmed before the tail has read them", func(t *testing.T) {
		log := s.log(Options{Prefix: "behind:"})
		tail := follow(t, log, "t", appendAll(t, log, "one")[0])
		s.until("the tail waits", isWaiting)
		admin.TxPipelined(background, func(pipe redis.Pipeliner) error {
			pipe.IncrBy(background, "{behind:t}:n", 5)
			pipe.XAdd(background, &redis.XAddArgs{Stream: "{behind:t}:log", Values: []any{"n", 7, "d", "seven"}})
			return nil
		})
		isGap(t, <-tail.ended, sse.GapBehind)
		if seen := tail.seen(); len(seen) > 0 {
			t.Errorf("got %v", seen)
		}
	})
}

func TestAReaderThatConnectsAgainChecksItsPlace(t *testing.T) {
	s := startServer(t)
	log, admin := s.log(Options{}), s.client()
	tail := follow(t, log, "t", appendAll(t, log, "one")[0])
	s.until("the tail waits", func() bool {
		list, _ := admin.ClientList(background).Result()
		return strings.Contains(list, "cmd=xread")
	})
	// The number of what follows fits, but entries were lost before it.
	if _, err := admin.TxPipelined(background, func(pipe redis.Pipeliner) error {
		pipe.ClientKillByFilter(background, "TYPE", "normal", "SKIPME", "yes")
		pipe.Del(background, "{sse:t}:log")
		pipe.XAdd(background, &redis.XAddArgs{Stream: "{sse:t}:log", Values: []any{"n", 2, "d", "two"}})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	isGap(t, <-tail.ended, sse.GapBehind, sse.GapUnknown)
	if seen := tail.seen(); len(seen) > 0 {
		t.Errorf("got %v", seen)
	}
}

func TestALostConnectionLosesAndRepeatsNothing(t *testing.T) {
	s := startServer(t)
	log, admin := s.log(Options{}), s.client()
	tip, _ := log.Tip(background, "t")
	tail := follow(t, log, "t", tip)
	var want []string
	for n := range 300 {
		want = append(want, fmt.Sprint(n))
		// The connection of the append may be the one that is killed: then it is repeated with its key.
		s.until("the entry is kept", func() bool {
			_, err := log.Append(background, "t", []byte(fmt.Sprint(n)), fmt.Sprint(n))
			return err == nil
		})
		if n%50 == 25 {
			admin.ClientKillByFilter(background, "TYPE", "normal", "SKIPME", "yes")
		}
	}
	s.until("the tail has all", func() bool { return len(tail.seen()) >= 300 })
	if got := tail.seen(); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestAnAppendIsSentOnce(t *testing.T) {
	s := startServer(t)
	log, admin := s.log(Options{}), s.client()
	appendAll(t, log, "one")
	// Redis takes the command, and the answer does not come in time.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go cutAnswers(listener, s.address())
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), MaxRetries: 5, Protocol: 2, DisableIndentity: true})
	defer client.Close()
	if _, err := openLog(t, client, Options{}).Append(background, "t", []byte("two"), ""); err == nil {
		t.Error("an append without an answer did not fail")
	}
	if count := admin.XLen(background, "{sse:t}:log").Val(); count != 2 {
		t.Errorf("%d entries, want 2", count)
	}
}

// cutAnswers passes commands on, and closes the connection when a script is answered.
func cutAnswers(listener net.Listener, address string) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			upstream, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			defer upstream.Close()
			b := make([]byte, 1<<16)
			for {
				n, err := connection.Read(b)
				if err != nil {
					return
				}
				isScript := strings.Contains(strings.ToLower(string(b[:n])), "evalsha")
				upstream.Write(b[:n])
				n, err = upstream.Read(b)
				if err != nil || isScript {
					return
				}
				connection.Write(b[:n])
			}
		}()
	}
}

func TestTrimsByAgeButNeverTheLastEntry(t *testing.T) {
	s := startServer(t)
	admin := s.client()
	cursors := appendAll(t, s.log(Options{Age: time.Second}), numbers(300)...)
	s.until("the entries are old", func() bool {
		milliseconds, _ := splitID(cursors[299])
		return admin.Time(background).Val().Unix()*1000-milliseconds > 1100 // the script takes whole seconds
	})
	// Another node, as one trims a topic once a minute.
	log := s.log(Options{Age: time.Second})
	appendAll(t, log, "new")
	if count := admin.XLen(background, "{sse:t}:log").Val(); count > 101 {
		t.Errorf("%d entries", count)
	}
	_, err := log.Read(background, "t", cursors[0], 10)
	isGap(t, err, sse.GapTrimmed)
	if entries, err := log.Read(background, "t", cursors[299], 10); err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v", entries, err)
	}
}

func TestConfirmsWithReplicas(t *testing.T) {
	s := startServer(t, "--repl-diskless-sync-delay", "0")
	replica := startServer(t, "--replicaof", "127.0.0.1", fmt.Sprint(s.port))
	admin := s.client()
	s.until("the replica is online", func() bool { return strings.Contains(admin.Info(background, "replication").Val(), "state=online") })
	log := s.log(Options{Replicas: 1})
	var all sync.WaitGroup
	for n := range 100 {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := log.Append(background, "t", nil, fmt.Sprint(n)); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	if count := replica.client().XLen(background, "{sse:t}:log").Val(); count != 100 {
		t.Errorf("the replica has %d entries", count)
	}
	replica.kill()
	_, err := log.Append(background, "t", nil, "")
	if err == nil || err.Error() != "0 replicas have the entry, 1 must have it" {
		t.Errorf("got %v", err)
	}
}

func TestSurvivesAServerThatForgetsScripts(t *testing.T) {
	s := startServer(t)
	log := s.log(Options{})
	appendAll(t, log, "one")
	s.client().ScriptFlush(background)
	appendAll(t, log, "two")
}

func TestClientsThatAreNotSupported(t *testing.T) {
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "give a *redis.Client or a *redis.ClusterClient") {
			t.Errorf("got %q", text)
		}
	}()
	New(redis.NewRing(&redis.RingOptions{}), Options{})
}

func TestACluster(t *testing.T) {
	servers := []*server{}
	for range 3 {
		servers = append(servers, startServer(t, "--cluster-enabled", "yes"))
	}
	run := func(s *server, args ...any) {
		t.Helper()
		if err := s.client().Do(background, args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range servers {
		run(s, "cluster", "addslotsrange", (16384*i+2)/3, (16384*(i+1)+2)/3-1)
		run(s, "cluster", "set-config-epoch", i+1)
		if i > 0 {
			run(servers[0], "cluster", "meet", "127.0.0.1", s.port)
		}
	}
	for _, s := range servers {
		admin := s.client()
		s.until("the cluster is ready", func() bool {
			info := admin.ClusterInfo(background).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "known_nodes:3")
		})
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].address()}})
	t.Cleanup(func() { client.Close() })
	runSuite(t, client)
}

// The keys are those of createRedisEventLog in TypeScript, which printed these.
func TestKeysAreThoseOfTypeScript(t *testing.T) {
	for _, want := range [][]string{
		{"trades:AAPL", "{sse:trades:AAPL}:log", "{sse:13}trades%3AAAPL:n", "{sse:13}trades%3AAAPL:k:k", "1-0-1dffq31"},
		{"a b", "{sse:a b}:log", "{sse:9}a%20b:n", "{sse:9}a%20b:k:k", "1-0-1lrbkd5"},
		{"é", "{sse:é}:log", "{sse:8}%C3%A9:n", "{sse:8}%C3%A9:k:k", "1-0-zpgg3c"},
		{"!~*'()", "{sse:!~*'()}:log", "{sse:11}!~*'():n", "{sse:11}!~*'():k:k", "1-0-1xgxem3"},
		{"{a}/日本", "{sse:{a}/日本}:log", "{sse:0}%7Ba%7D%2F%E6%97%A5%E6%9C%AC:n", "{sse:0}%7Ba%7D%2F%E6%97%A5%E6%9C%AC:k:k", "1-0-1fzim00"},
	} {
		one, _ := newTopicKeys("sse:", want[0], false)
		many, _ := newTopicKeys("sse:", want[0], true)
		if got := []string{want[0], one.log, many.n, many.publication("k"), one.cursor("1-0")}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
