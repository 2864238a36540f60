// Command grpc-go is the verifier that a Go team would write: grpc-go over package
// verifier. The benchmark compares Usher with it.
// It reads what it knows from stdin (see package verifier) and prints its port. GOMAXPROCS is the caller's.
package main

import (
	"fmt"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	usherv1 "usher.example/bench/peers/gen/usher/v1"
	"usher.example/bench/peers/verifier"
)

func main() {
	known, err := verifier.ReadKnown(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	var options []grpc.ServerOption
	if known.Cert != "" {
		transport, err := credentials.NewServerTLSFromFile(known.Cert, known.Key)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(transport))
	}
	server := grpc.NewServer(options...)
	usherv1.RegisterVerifierServiceServer(server, verifier.New(known))
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(server.Serve(listener))
}
