// Command bench measures the Go runtime beside other packages. Each line of its input is the name of
// a subject. It does the work of the subject once, and answers with what it cost, as a line of JSON.
// bench/rows/go.js starts it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// costs are the figures of a subject.
type costs map[string]float64

// subjects are what can be measured, by name.
var subjects = map[string]func() costs{}

func main() {
	if len(os.Args) > 1 {
		runClient(os.Args[1], os.Args[2:])
		return
	}
	answers := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		name := lines.Text()
		if name == "versions" {
			answers.Encode(versions())
			continue
		}
		run, ok := subjects[name]
		if !ok {
			fail(fmt.Errorf("no subject %q", name))
		}
		runtime.GC() // what the subject before left behind
		answers.Encode(run())
	}
}

// versions are those of Go, and of what is compared.
func versions() []string {
	all := []string{strings.Replace(runtime.Version(), "go", "Go ", 1)}
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Replace == nil && !strings.HasPrefix(module.Path, "golang.org/x/") {
			all = append(all, module.Path+" "+strings.TrimPrefix(module.Version, "v"))
		}
	}
	return all
}

// cpuOf returns the CPU time of this process during some work, divided by a number of operations, in
// a unit.
func cpuOf(unit time.Duration, operations int, work func()) float64 {
	start := cpuTime()
	work()
	return float64(cpuTime()-start) / float64(operations) / float64(unit)
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// allocations returns how many objects some work makes, for each of a number of operations.
func allocations(operations int, work func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	// The few of a whole run are none of an operation.
	return float64((after.Mallocs-before.Mallocs)*100/uint64(operations)) / 100
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
