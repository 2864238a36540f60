// Command grpc-go makes the calls of ../README.md by grpc-go.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	usherv1 "usher.example/test/grpc-clients/gen/usher/v1"
)

const (
	callTime   = 10 * time.Second
	ageTime    = 4 * time.Second
	bigBytes   = 3_000_000
	batchSize  = 256
	streamSize = 1000
)

var (
	token    = os.Getenv("USHER_TOKEN")
	verifier usherv1.VerifierServiceClient
	health   grpc_health_v1.HealthClient
)

func main() {
	connection, err := grpc.NewClient("passthrough:///"+os.Getenv("USHER_TARGET"),
		grpc.WithTransportCredentials(transport()))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer connection.Close()
	verifier = usherv1.NewVerifierServiceClient(connection)
	health = grpc_health_v1.NewHealthClient(connection)
	report("unary", unary)
	report("error", failure)
	report("deadline", deadline)
	report("cancel", cancelled)
	report("big", big)
	report("compressed", compressed)
	report("stream", stream)
	report("health", serving)
	report("goaway", goaway)
	report("reconnect", reconnect)
}

// transport is TLS with a client certificate where there is a CA, and plain text otherwise.
func transport() credentials.TransportCredentials {
	ca := os.Getenv("USHER_CA")
	if ca == "" {
		return insecure.NewCredentials()
	}
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(ca)
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		panic("USHER_CA has no certificate")
	}
	pair, err := tls.LoadX509KeyPair(os.Getenv("USHER_CERT"), os.Getenv("USHER_KEY"))
	if err != nil {
		panic(err)
	}
	return credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}})
}

// report makes a call and prints what came of it.
func report(call string, make func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	outcome := map[string]any{"call": call, "ok": true}
	if err := make(ctx); err != nil {
		outcome["ok"], outcome["why"] = false, err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(outcome)
}

func verify(ctx context.Context, options ...grpc.CallOption) error {
	answer, err := verifier.Verify(ctx, &usherv1.VerifyRequest{Header: token}, options...)
	if err == nil && !answer.Valid {
		err = errors.New("the token is not valid")
	}
	return err
}

func unary(ctx context.Context) error { return verify(ctx) }

func compressed(ctx context.Context) error {
	return verify(ctx, grpc.UseCompressor(gzip.Name))
}

func failure(ctx context.Context) error {
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", os.Getenv("USHER_ADMIN_TOKEN"))
	_, err := verifier.IssueJwt(ctx, &usherv1.IssueJwtRequest{})
	found := status.Convert(err)
	if found.Code() != codes.InvalidArgument {
		return fmt.Errorf("the status is %v", found)
	}
	for _, detail := range found.Details() {
		if bad, is := detail.(*errdetails.BadRequest); is && len(bad.FieldViolations) > 0 {
			return nil
		}
	}
	return errors.New("the status has no BadRequest")
}

// watchUntil reads invalidations until the stream ends with a status.
func watchUntil(ctx context.Context, wanted codes.Code, onMessage func()) error {
	watched, err := verifier.WatchInvalidations(ctx, &usherv1.WatchInvalidationsRequest{})
	for err == nil {
		if _, err = watched.Recv(); err == nil {
			onMessage()
		}
	}
	if status.Code(err) != wanted {
		return fmt.Errorf("the stream ended with %w", err)
	}
	return nil
}

func deadline(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	return watchUntil(ctx, codes.DeadlineExceeded, func() {})
}

func cancelled(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return watchUntil(ctx, codes.Canceled, cancel)
}

func big(ctx context.Context) error {
	long := &usherv1.VerifyRequest{Header: strings.Repeat("x", bigBytes)}
	if answer, err := verifier.Verify(ctx, long); err != nil || answer.Valid {
		return fmt.Errorf("a long header: %v, %w", answer, err)
	}
	batch := &usherv1.BatchVerifyRequest{}
	for range batchSize {
		batch.Requests = append(batch.Requests, &usherv1.VerifyRequest{Header: token})
	}
	answer, err := verifier.BatchVerify(ctx, batch)
	if err != nil {
		return err
	}
	for _, each := range answer.Responses {
		if !each.Valid {
			return errors.New("a token of the batch is not valid")
		}
	}
	if len(answer.Responses) != batchSize {
		return fmt.Errorf("%d answers", len(answer.Responses))
	}
	return nil
}

func stream(ctx context.Context) error {
	both, err := verifier.StreamVerify(ctx)
	if err != nil {
		return err
	}
	go func() {
		for id := range uint64(streamSize) {
			header := token
			if id%2 == 1 {
				header = "Bearer wrong"
			}
			item := &usherv1.StreamVerifyRequest_Item{Id: id, Request: &usherv1.VerifyRequest{Header: header}}
			if both.Send(&usherv1.StreamVerifyRequest{Items: []*usherv1.StreamVerifyRequest_Item{item}}) != nil {
				return
			}
		}
		_ = both.CloseSend()
	}()
	answered := 0
	for {
		answer, err := both.Recv()
		if errors.Is(err, io.EOF) && answered == streamSize {
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %d answers: %w", answered, err)
		}
		for _, item := range answer.Items {
			answered++
			if item.GetResponse().GetValid() != (item.Id%2 == 0) {
				return fmt.Errorf("item %d: %v", item.Id, item)
			}
		}
	}
}

func serving(ctx context.Context) error {
	request := &grpc_health_v1.HealthCheckRequest{Service: "usher.v1.VerifierService"}
	answer, err := health.Check(ctx, request)
	if err != nil {
		return err
	}
	watched, err := health.Watch(ctx, request)
	if err != nil {
		return err
	}
	first, err := watched.Recv()
	if err != nil {
		return err
	}
	if answer.Status != grpc_health_v1.HealthCheckResponse_SERVING || first.Status != answer.Status {
		return fmt.Errorf("%v, then %v", answer.Status, first.Status)
	}
	return nil
}

// goaway makes calls while connections reach their age.
func goaway(ctx context.Context) error {
	var wrong atomic.Value
	var callers sync.WaitGroup
	end := time.Now().Add(ageTime)
	for range 8 {
		callers.Go(func() {
			for time.Now().Before(end) {
				if err := verify(ctx); err != nil {
					wrong.Store(err)
					return
				}
			}
		})
	}
	callers.Wait()
	if err, is := wrong.Load().(error); is {
		return err
	}
	return nil
}

// reconnect waits for a restart of the server, and calls until it answers.
func reconnect(ctx context.Context) error {
	fmt.Println(`{"waits":"restart"}`)
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	for {
		err := verify(ctx)
		if err == nil || ctx.Err() != nil || status.Code(err) != codes.Unavailable {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
