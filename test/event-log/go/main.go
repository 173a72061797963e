// A node of the news service over the Redis at the address in its first argument. It keeps as many
// events as the second one says. It prints its URL when it listens.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/redis/go-redis/v9"

	newsv1 "example.com/shared/news/v1"
	"example.com/shared/news/v1/newsv1sse"
	"example.com/shared/sse"
	"example.com/shared/sse/redislog"
)

type node struct{ log sse.EventLog }

func (n *node) topic(name string) *sse.LogTopic[*newsv1.Headline] {
	return sse.NewLogTopic[*newsv1.Headline](n.log, name, sse.LogTopicOptions{})
}

func (n *node) WatchHeadlines(ctx context.Context, req *newsv1.WatchHeadlinesRequest, s *sse.Sender[*newsv1.Headline]) error {
	after, _ := s.LastEventID()
	return n.topic(req.Topic).Serve(ctx, s, after)
}

// publish appends the headline of the query, and answers with its cursor.
func (n *node) publish(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	cursor, err := n.topic(query.Get("topic")).Publish(r.Context(), &newsv1.Headline{Text: query.Get("text")}, query.Get("key"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprint(w, cursor)
}

func main() {
	events, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: os.Args[1]})
	n := &node{redislog.New(client, redislog.Options{Events: events})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /publish", n.publish)
	mux.Handle("/v1/", sse.NewHandler(newsv1sse.NewNewsService(n)))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}
