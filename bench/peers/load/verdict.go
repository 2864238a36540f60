package main

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of usher.v1.VerifyRequest and VerifyResponse.
const (
	fieldHeader  = 1
	fieldValid   = 1
	fieldTokenID = 5
)

// framed are the requests, each with gRPC's prefix.
func framed(tokens []token) [][]byte {
	messages := make([][]byte, len(tokens))
	for n, token := range tokens {
		message := protowire.AppendTag(nil, fieldHeader, protowire.BytesType)
		message = protowire.AppendString(message, token.Header)
		prefix := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
		messages[n] = append(prefix, message...)
	}
	return messages
}

// check compares the verdict in an answer with what is true of the token.
func check(answer []byte, token token) error {
	if len(answer) < 5 || answer[0] != 0 || int(binary.BigEndian.Uint32(answer[1:])) != len(answer)-5 {
		return fmt.Errorf("an answer of %d bytes, which is not one message", len(answer))
	}
	var valid bool
	var id []byte
	for rest := answer[5:]; len(rest) > 0; {
		number, kind, tag := protowire.ConsumeTag(rest)
		size := protowire.ConsumeFieldValue(number, kind, rest[max(0, tag):])
		if tag < 0 || size < 0 {
			return fmt.Errorf("an answer that is not protobuf")
		}
		switch value := rest[tag : tag+size]; number {
		case fieldValid:
			valid = value[0] == 1
		case fieldTokenID:
			id, _ = protowire.ConsumeBytes(value)
		}
		rest = rest[tag+size:]
	}
	if valid != (token.Id != "") || valid && !bytes.Equal(id, []byte(token.Id)) {
		return fmt.Errorf("a wrong verdict: valid %v, token id %q instead of %q", valid, id, token.Id)
	}
	return nil
}
