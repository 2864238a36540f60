// Command net-http is the smallest door that a Go team would write: net/http over package verifier,
// which answers GET / with 200 for a good Authorization header and with 401 for any other. It reads
// what it knows from stdin and prints its port. GOMAXPROCS is the caller's.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

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
	knows := verifier.New(known)
	answer := func(to http.ResponseWriter, request *http.Request) {
		header := request.Header.Get("Authorization")
		verdict, err := knows.Verify(request.Context(), &usherv1.VerifyRequest{Header: header})
		if err != nil {
			http.Error(to, "internal error", http.StatusInternalServerError)
			return
		}
		if !verdict.GetValid() {
			http.Error(to, verdict.GetMessage(), http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(to, "Oh, Hello")
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, http.HandlerFunc(answer)))
}
