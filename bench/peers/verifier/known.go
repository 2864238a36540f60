package verifier

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	usherv1 "usher.example/bench/peers/gen/usher/v1"
)

// Known is what a server knows: one static token, one key of JWTs, and records beside them.
type Known struct {
	Static struct {
		Id    string `json:"id"`
		Token string `json:"token"`
	} `json:"static"`
	Jwt struct {
		Id     string `json:"id"`
		Secret string `json:"secret"`
	} `json:"jwt"`
	// Others is the number of further static tokens, which no client sends.
	Others int `json:"others"`
	// Cert and Key are the files for TLS; without them the server speaks plain text.
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// ReadKnown reads it as JSON.
func ReadKnown(from io.Reader) (Known, error) {
	var known Known
	err := json.NewDecoder(from).Decode(&known)
	return known, err
}

// record is an access token.
type record struct {
	id       string
	kind     usherv1.Kind
	scopes   []string
	revision uint64
	// secret signs the JWTs of a record of kind jwt.
	secret []byte
}

// index sorts the records: those of static tokens by the token's SHA-256, the others by id.
func (k Known) index() (static map[[32]byte]*record, jwt map[string]*record) {
	static = make(map[[32]byte]*record, k.Others+1)
	for range k.Others {
		var hash, id [32]byte
		_, _ = rand.Read(hash[:])
		_, _ = rand.Read(id[:16])
		static[hash] = &record{id: fmt.Sprintf("%x", id[:16]), kind: usherv1.Kind_KIND_STATIC, revision: 1}
	}
	static[sha256.Sum256([]byte(k.Static.Token))] = &record{
		id: k.Static.Id, kind: usherv1.Kind_KIND_STATIC, revision: 1,
	}
	jwt = map[string]*record{k.Jwt.Id: {
		id: k.Jwt.Id, kind: usherv1.Kind_KIND_JWT, revision: 1, secret: []byte(k.Jwt.Secret),
	}}
	return static, jwt
}
