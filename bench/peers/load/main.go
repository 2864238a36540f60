// Command load makes gRPC calls of Verify at little CPU, and checks every verdict. It reads an
// order as JSON from stdin and prints an outcome as JSON.
//
// With a rate it is an open loop: each call has its time, and waits for no answer. A call that is
// sent late counts from the time at which it was due, so a server that stalls is charged for all
// calls that it kept waiting (no coordinated omission). Without a rate, each answer starts the next
// call.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"
)

// order is what to do.
type order struct {
	// Address is host:port of a server without TLS.
	Address string `json:"address"`
	// Tokens are used in turn, and again if there are fewer than calls.
	Tokens      []token `json:"tokens"`
	Calls       int     `json:"calls"`
	Connections int     `json:"connections"`
	// Streams is the most calls at once on one connection.
	Streams int `json:"streams"`
	// PerSecond is the rate; zero for none.
	PerSecond float64 `json:"perSecond"`
	// WarmUp is the number of calls, of Calls, that come first and are not reported.
	WarmUp int `json:"warmUp"`
}

// token is an Authorization header with what is true of it.
type token struct {
	Header string `json:"header"`
	// Id is the id of its access token if it is valid, otherwise empty.
	Id string `json:"id"`
}

// outcome is what came of the calls that are reported.
type outcome struct {
	CallsPerSecond float64 `json:"callsPerSecond"`
	P50Ms          float64 `json:"p50Ms"`
	P99Ms          float64 `json:"p99Ms"`
	P999Ms         float64 `json:"p999Ms"`
	MaxMs          float64 `json:"maxMs"`
	// LateP99Ms is by how much this program sent too late: noise of the machine, not of the server.
	LateP99Ms float64 `json:"lateP99Ms"`
	// Unavailable is the number of calls that got no verdict but an error.
	Unavailable int `json:"unavailable"`
	// AnswerBytes are the sizes of the shortest and the longest answer, with gRPC's prefix.
	AnswerBytes [2]int `json:"answerBytes"`
}

func main() {
	debug.SetGCPercent(1000)
	var todo order
	if err := json.NewDecoder(os.Stdin).Decode(&todo); err != nil {
		fail(err)
	}
	done, err := run(todo)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(done); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(1)
}

// summary sorts the times.
func summary(times, late []time.Duration, took time.Duration) outcome {
	slices.Sort(times)
	slices.Sort(late)
	return outcome{
		CallsPerSecond: float64(len(times)) / took.Seconds(),
		P50Ms:          quantileMs(times, 0.5),
		P99Ms:          quantileMs(times, 0.99),
		P999Ms:         quantileMs(times, 0.999),
		MaxMs:          quantileMs(times, 1),
		LateP99Ms:      quantileMs(late, 0.99),
	}
}

func quantileMs(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	n := min(len(sorted)-1, int(float64(len(sorted))*share))
	return float64(sorted[n].Nanoseconds()) / 1e6
}
