package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// client runs this program as a client, in a process of its own: its CPU time does not count.
func client(args ...string) (lines *bufio.Scanner, wait func()) {
	self, err := os.Executable()
	check(err)
	command := exec.Command(self, args...)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	check(err)
	stdout, err := command.StdoutPipe()
	check(err)
	check(command.Start())
	return bufio.NewScanner(stdout), func() {
		stdin.Close()
		check(command.Wait())
	}
}

// runClient is what the process of a client does.
func runClient(kind string, args []string) {
	switch kind {
	case "read":
		readStream(args[0])
	case "call":
		callUnary(args[0], args[1], args[2])
	case "watch":
		watchStreams(args[0], args[1])
	}
}

// readStream reads a stream to its end, and prints the number of its events.
func readStream(url string) {
	response, err := http.Get(url)
	check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(err)
	fmt.Println(bytes.Count(text, []byte("data:")))
}

// callUnary sends requests over one connection, one after the other: a GET, or a POST of a body.
func callUnary(url, body, count string) {
	n, err := strconv.Atoi(count)
	check(err)
	for range n {
		var response *http.Response
		if body == "" {
			response, err = http.Get(url)
		} else {
			response, err = http.Post(url, "application/json", strings.NewReader(body))
		}
		check(err)
		text, err := io.ReadAll(response.Body)
		check(err)
		if response.StatusCode != http.StatusOK {
			fail(fmt.Errorf("%s: %s", response.Status, text))
		}
		response.Body.Close()
	}
}

// watchStreams opens streams until its input ends. It prints a line when all are open, and one for
// each event that all have.
func watchStreams(url, count string) {
	n, err := strconv.Atoi(count)
	check(err)
	address, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	got := make(chan int, n)
	var opened sync.WaitGroup
	opened.Add(n)
	dialing := make(chan struct{}, 100) // fewer than the backlog of the socket
	for range n {
		go func() {
			dialing <- struct{}{}
			conn, err := net.Dial("tcp", address)
			check(err)
			fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", path)
			buf := make([]byte, 4096)
			_, err = conn.Read(buf)
			check(err)
			<-dialing
			opened.Done()
			for {
				size, err := conn.Read(buf)
				if err != nil {
					return
				}
				got <- bytes.Count(buf[:size], []byte("data: "))
			}
		}()
	}
	opened.Wait()
	fmt.Println("open")
	go func() {
		for events := 0; ; {
			for events += <-got; events >= n; events -= n {
				fmt.Println("event")
			}
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
