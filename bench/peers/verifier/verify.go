// Package verifier is what the servers of Go share: tokens in a map, and JWTs that were proven once
// remembered by the SHA-256 of their header.
package verifier

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	usherv1 "usher.example/bench/peers/gen/usher/v1"
)

// provenMax bounds the JWTs that are remembered.
const provenMax = 100_000

var cacheTTL = durationpb.New(2 * time.Second)

// proof is what a JWT said whose signature was right.
type proof struct {
	record  *record
	subject string
	exp     int64
	claims  *structpb.Struct
}

// Verifier implements usher.v1.VerifierService.
type Verifier struct {
	usherv1.UnimplementedVerifierServiceServer
	static map[[32]byte]*record
	jwt    map[string]*record
	mutex  sync.RWMutex
	proven map[[32]byte]*proof
}

// New makes a verifier of what it knows.
func New(known Known) *Verifier {
	static, jwt := known.index()
	return &Verifier{static: static, jwt: jwt, proven: make(map[[32]byte]*proof)}
}

// Verify implements usher.v1.VerifierService.
func (v *Verifier) Verify(_ context.Context, request *usherv1.VerifyRequest) (*usherv1.VerifyResponse, error) {
	header := request.GetHeader()
	if header == "" {
		return refused(usherv1.Reason_MISSING_CREDENTIALS, "no credentials"), nil
	}
	token, bearer := strings.CutPrefix(header, "Bearer ")
	if strings.Contains(token, ".") {
		if !bearer {
			return refused(usherv1.Reason_MALFORMED_CREDENTIALS, "malformed credentials"), nil
		}
		return v.verifyJWT(token), nil
	}
	record := v.static[sha256.Sum256([]byte(token))]
	if record == nil {
		return refused(usherv1.Reason_INVALID_TOKEN, "invalid token"), nil
	}
	return granted(record), nil
}

func (v *Verifier) verifyJWT(token string) *usherv1.VerifyResponse {
	key := sha256.Sum256([]byte(token))
	v.mutex.RLock()
	proven := v.proven[key]
	v.mutex.RUnlock()
	if proven == nil {
		if proven = v.prove(token); proven == nil {
			return refused(usherv1.Reason_INVALID_TOKEN, "invalid token")
		}
		v.mutex.Lock()
		if len(v.proven) >= provenMax {
			clear(v.proven)
		}
		v.proven[key] = proven
		v.mutex.Unlock()
	}
	left := time.Until(time.Unix(proven.exp, 0))
	if left <= 0 {
		return refused(usherv1.Reason_EXPIRED, "token expired")
	}
	response := granted(proven.record)
	response.Subject = proven.subject
	response.Exp = proven.exp
	response.Claims = proven.claims
	response.WatchedTtl = durationpb.New(left)
	return response
}

// prove checks the signature and reads the claims; nil if anything is wrong.
func (v *Verifier) prove(token string) *proof {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	var head struct{ Alg, Kid string }
	if !decode(parts[0], &head) || head.Alg != "HS256" {
		return nil
	}
	record := v.jwt[head.Kid]
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if record == nil || err != nil {
		return nil
	}
	mac := hmac.New(sha256.New, record.secret)
	mac.Write([]byte(token[:len(token)-len(parts[2])-1]))
	if !hmac.Equal(mac.Sum(nil), signature) {
		return nil
	}
	var claims map[string]any
	if !decode(parts[1], &claims) {
		return nil
	}
	fields, err := structpb.NewStruct(claims)
	exp, timed := claims["exp"].(float64)
	if err != nil || !timed {
		return nil
	}
	subject, _ := claims["sub"].(string)
	return &proof{record: record, subject: subject, exp: int64(exp), claims: fields}
}

// decode reads a part of a JWT.
func decode(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}

func granted(record *record) *usherv1.VerifyResponse {
	return &usherv1.VerifyResponse{
		Valid:      true,
		HttpStatus: http.StatusOK,
		TokenId:    record.id,
		Kind:       record.kind,
		Scopes:     record.scopes,
		CacheTtl:   cacheTTL,
		Revision:   record.revision,
	}
}

func refused(reason usherv1.Reason, message string) *usherv1.VerifyResponse {
	return &usherv1.VerifyResponse{Reason: reason, Message: message, HttpStatus: http.StatusUnauthorized}
}
