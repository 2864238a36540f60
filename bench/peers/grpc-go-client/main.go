// Command grpc-go-client makes calls of Verify as services do: by grpc-go, with a deadline and
// metadata, of which two fields differ in every call. It reads an order as JSON from stdin, checks
// every verdict, and prints an outcome as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	usherv1 "usher.example/bench/peers/gen/usher/v1"
)

// order is what to do.
type order struct {
	Address string `json:"address"`
	Header  string `json:"header"`
	// Id is the id of the header's access token.
	Id          string `json:"id"`
	Calls       int64  `json:"calls"`
	Connections int    `json:"connections"`
	// Streams is the number of callers on each connection.
	Streams int `json:"streams"`
}

// outcome is what came of it.
type outcome struct {
	CallsPerSecond float64 `json:"callsPerSecond"`
}

const deadline = 2 * time.Second

func main() {
	var todo order
	if err := json.NewDecoder(os.Stdin).Decode(&todo); err != nil {
		log.Fatal(err)
	}
	var left atomic.Int64
	left.Store(todo.Calls)
	var callers sync.WaitGroup
	began := time.Now()
	for range todo.Connections {
		connection, err := grpc.NewClient("passthrough:///"+todo.Address,
			grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			log.Fatal(err)
		}
		defer connection.Close()
		client := usherv1.NewVerifierServiceClient(connection)
		for range todo.Streams {
			callers.Go(func() {
				for n := left.Add(-1); n >= 0; n = left.Add(-1) {
					if err := verify(client, todo, n); err != nil {
						log.Fatal(err)
					}
				}
			})
		}
	}
	callers.Wait()
	done := outcome{CallsPerSecond: float64(todo.Calls) / time.Since(began).Seconds()}
	if err := json.NewEncoder(os.Stdout).Encode(done); err != nil {
		log.Fatal(err)
	}
}

// verify makes the nth call.
func verify(client usherv1.VerifierServiceClient, todo order, n int64) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	id := strconv.FormatInt(1<<40+n, 16)
	ctx = metadata.NewOutgoingContext(ctx, metadata.Pairs(
		"x-request-id", "7f191529-90cc-437c-9a6a-0"+id,
		"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00000"+id+"-01",
		"tracestate", "vendor=00f067aa0ba902b7",
		"x-service", "orders",
		"x-service-version", "2026.11.3",
		"x-region", "eu-central-1",
		"x-tenant", "shop.example",
		"x-environment", "production",
	))
	answer, err := client.Verify(ctx, &usherv1.VerifyRequest{Header: todo.Header})
	if err != nil {
		return err
	}
	if !answer.GetValid() || answer.GetTokenId() != todo.Id {
		return fmt.Errorf("a wrong verdict: valid %v, token id %q", answer.GetValid(), answer.GetTokenId())
	}
	return nil
}
