// Command connect-go is the verifier that a Go team would write with Connect: connect-go over package
// verifier. It reads what it knows from stdin and prints its port. GOMAXPROCS is the caller's.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"connectrpc.com/connect"
	usherv1 "usher.example/bench/peers/gen/usher/v1"
	"usher.example/bench/peers/verifier"
)

const path = "/usher.v1.VerifierService/Verify"

func main() {
	known, err := verifier.ReadKnown(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	knows := verifier.New(known)
	verify := func(
		ctx context.Context, request *connect.Request[usherv1.VerifyRequest],
	) (*connect.Response[usherv1.VerifyResponse], error) {
		response, err := knows.Verify(ctx, request.Msg)
		if err != nil {
			return nil, err
		}
		return connect.NewResponse(response), nil
	}
	routes := http.NewServeMux()
	routes.Handle(path, connect.NewUnaryHandler(path, verify))
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, routes))
}
