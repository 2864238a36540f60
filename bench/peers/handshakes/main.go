// Command handshakes opens connections with TLS 1.3, and closes each once the server's SETTINGS have
// come. It reads an order from stdin, and fails if a session was resumed that should not be, or the
// other way round.
package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
)

type order struct {
	Address string `json:"address"`
	// Count is the number of connections, and AtOnce how many are open at once.
	Count  int `json:"count"`
	AtOnce int `json:"atOnce"`
	// Resumed is whether each, but the first of its kind, resumes a session.
	Resumed bool `json:"resumed"`
}

// opening is HTTP/2's preface with empty SETTINGS (RFC 9113 section 3.4).
const opening = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"

func main() {
	var todo order
	if err := json.NewDecoder(os.Stdin).Decode(&todo); err != nil {
		log.Fatal(err)
	}
	var wait sync.WaitGroup
	for range todo.AtOnce {
		wait.Go(func() {
			config := &tls.Config{
				MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}, InsecureSkipVerify: true,
			}
			if todo.Resumed {
				config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			}
			for n := range todo.Count / todo.AtOnce {
				visit(todo.Address, config, todo.Resumed && n > 0)
			}
		})
	}
	wait.Wait()
	fmt.Println("{}")
}

// visit makes one connection. Its session ticket comes before the SETTINGS.
func visit(address string, config *tls.Config, resumes bool) {
	connection, err := tls.Dial("tcp", address, config)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	if connection.ConnectionState().DidResume != resumes {
		log.Fatalf("resumed: %t, but it should be %t", !resumes, resumes)
	}
	if _, err := io.WriteString(connection, opening); err != nil {
		log.Fatal(err)
	}
	if _, err := io.ReadFull(connection, make([]byte, 9)); err != nil {
		log.Fatal(err)
	}
}
