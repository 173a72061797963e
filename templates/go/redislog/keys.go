package redislog

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"protoc-gen-sse/go/sse"
)

// tags is how many hash tags the topics share in a cluster, where one command can wait only for
// streams of one tag.
const tags = 16

// beginning is the id before that of any entry.
const beginning = "0-0"

// topicKeys are the keys of a topic. They have one hash tag, so that a cluster keeps them on one
// server. Logs in other languages use the same keys.
type topicKeys struct {
	// log is the stream of the entries, and n has the number of the last one.
	log, n string
	// group is equal for streams that one command can name.
	group  string
	start  string
	suffix string
}

func newTopicKeys(prefix, topic string, isCluster bool) (topicKeys, error) {
	name := prefix + topic
	if name == "" || name[0] == '}' {
		return topicKeys{}, fmt.Errorf("topic %q has no hash tag: give it a name that does not start with %q", name, "}")
	}
	hash := fnv.New32a()
	hash.Write([]byte(name))
	mark := hash.Sum32()
	k := topicKeys{start: "{" + name + "}", suffix: "-" + strconv.FormatUint(uint64(mark), 36)}
	if isCluster {
		k.group = strconv.FormatUint(uint64(mark%tags), 10)
		k.start = "{" + prefix + k.group + "}" + escape(topic)
	}
	k.log, k.n = k.start+":log", k.start+":n"
	return k, nil
}

// publication is the key that holds the id of a publication with a key.
func (k topicKeys) publication(key string) string { return k.start + ":k:" + key }

// confirmed changes with every entry that is confirmed to be on replicas.
func (k topicKeys) confirmed() string { return k.start + ":c" }

// cursor is the id with a mark of the topic, as two topics may have the same id.
func (k topicKeys) cursor(id string) string { return id + k.suffix }

var entryID = regexp.MustCompile(`^\d{1,15}-\d{1,15}$`)

// id returns the id of a cursor, or a *sse.CursorError for what is no cursor of this topic.
func (k topicKeys) id(cursor string) (string, error) {
	id, ok := strings.CutSuffix(cursor, k.suffix)
	if !ok || !entryID.MatchString(id) {
		return "", &sse.CursorError{Cursor: cursor, Reason: sse.GapUnknown}
	}
	return id, nil
}

func (k topicKeys) entry(r row) sse.Entry {
	milliseconds, _ := splitID(r.id)
	return sse.Entry{Cursor: k.cursor(r.id), Data: []byte(r.data), Time: time.UnixMilli(milliseconds)}
}

// row is one entry of a stream.
type row struct {
	// id is what Redis gave it: a time in milliseconds and a counter. No id is given twice, not even
	// after a failover.
	id string
	// n is its number in the topic, from 1. Numbers have no gaps, so a reader notices entries that
	// were trimmed before it read them.
	n    int64
	data string
}

func rowsOf(messages []redis.XMessage) []row {
	rows := make([]row, len(messages))
	for i, message := range messages {
		number, _ := message.Values["n"].(string)
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			n = -1 // of another program: it follows no entry
		}
		data, _ := message.Values["d"].(string)
		rows[i] = row{message.ID, n, data}
	}
	return rows
}

// compareIDs returns the sign of the difference of two ids.
func compareIDs(a, b string) int64 {
	timeA, countA := splitID(a)
	timeB, countB := splitID(b)
	if timeA != timeB {
		return timeA - timeB
	}
	return countA - countB
}

func splitID(id string) (milliseconds, count int64) {
	before, after, _ := strings.Cut(id, "-")
	milliseconds, _ = strconv.ParseInt(before, 10, 64)
	count, _ = strconv.ParseInt(after, 10, 64)
	return milliseconds, count
}

// escape writes a topic as encodeURIComponent of ECMAScript does.
func escape(topic string) string {
	var b strings.Builder
	for _, c := range []byte(topic) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
