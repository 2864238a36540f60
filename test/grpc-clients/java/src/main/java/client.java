import com.google.rpc.BadRequest;
import com.google.rpc.Status;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import usher.v1.Verifier.BatchVerifyRequest;
import usher.v1.Verifier.IssueJwtRequest;
import usher.v1.Verifier.StreamVerifyRequest;
import usher.v1.Verifier.StreamVerifyResponse;
import usher.v1.Verifier.VerifyRequest;
import usher.v1.Verifier.WatchInvalidationsRequest;
import usher.v1.VerifierServiceGrpc;

/** Makes the calls of ../README.md by grpc-java. */
final class Client {
  private static final long CALL_SECONDS = 10;
  private static final long AGE_MILLIS = 4_000;
  private static final int BIG_BYTES = 3_000_000;
  private static final int BATCH_SIZE = 256;
  private static final int STREAM_SIZE = 1_000;
  private static final String TOKEN = System.getenv("USHER_TOKEN");

  private final ManagedChannel channel = open(System.getenv("USHER_TARGET"));

  /** Over TLS, with a certificate of its own, where USHER_CA names the authority of the server's. */
  private static ManagedChannel open(String target) {
    String authority = System.getenv("USHER_CA");
    if (authority == null) return ManagedChannelBuilder.forTarget(target).usePlaintext().build();
    try {
      TlsChannelCredentials.Builder credentials =
          TlsChannelCredentials.newBuilder()
              .trustManager(new File(authority))
              .keyManager(
                  new File(System.getenv("USHER_CERT")), new File(System.getenv("USHER_KEY")));
      return Grpc.newChannelBuilder(target, credentials.build()).build();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** A call of the list, which throws if it fails. */
  private interface Call {
    void make() throws Exception;
  }

  public static void main(String[] args) {
    Client client = new Client();
    report("unary", client::verify);
    report("error", client::failure);
    report("deadline", client::deadline);
    report("cancel", client::cancel);
    report("big", client::big);
    report("compressed", client::compressed);
    report("stream", client::stream);
    report("health", client::serving);
    report("goaway", client::goaway);
    report("reconnect", client::reconnect);
    client.channel.shutdownNow();
  }

  private static void report(String name, Call call) {
    try {
      call.make();
      System.out.printf("{\"call\":\"%s\",\"ok\":true}%n", name);
    } catch (Exception error) {
      String why = error.toString().replaceAll("[\"\\\\\\p{Cntrl}]", " ");
      System.out.printf("{\"call\":\"%s\",\"ok\":false,\"why\":\"%s\"}%n", name, why);
    }
    System.out.flush();
  }

  private static void check(boolean holds, String text) {
    if (!holds) throw new IllegalStateException(text);
  }

  private VerifierServiceGrpc.VerifierServiceBlockingStub verifier() {
    return VerifierServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  private static VerifyRequest asking(String header) {
    return VerifyRequest.newBuilder().setHeader(header).build();
  }

  private void verify() {
    check(verifier().verify(asking(TOKEN)).getValid(), "the token is not valid");
  }

  private void compressed() {
    check(verifier().withCompression("gzip").verify(asking(TOKEN)).getValid(), "not valid");
  }

  private void failure() throws Exception {
    Metadata metadata = new Metadata();
    metadata.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
        System.getenv("USHER_ADMIN_TOKEN"));
    try {
      verifier()
          .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata))
          .issueJwt(IssueJwtRequest.getDefaultInstance());
    } catch (StatusRuntimeException error) {
      Status status = StatusProto.fromThrowable(error);
      check(error.getStatus().getCode() == Code.INVALID_ARGUMENT, error.getMessage());
      BadRequest bad = status.getDetails(0).unpack(BadRequest.class);
      check(bad.getFieldViolationsCount() > 0, "the BadRequest is empty");
      return;
    }
    throw new IllegalStateException("there is no error");
  }

  private Code watch(VerifierServiceGrpc.VerifierServiceBlockingStub stub, Runnable onMessage) {
    try {
      var watched = stub.watchInvalidations(WatchInvalidationsRequest.getDefaultInstance());
      while (watched.hasNext()) {
        watched.next();
        onMessage.run();
      }
      return Code.OK;
    } catch (StatusRuntimeException error) {
      return error.getStatus().getCode();
    }
  }

  private void deadline() {
    Code code = watch(verifier().withDeadlineAfter(300, TimeUnit.MILLISECONDS), () -> {});
    check(code == Code.DEADLINE_EXCEEDED, code.toString());
  }

  private void cancel() throws Exception {
    Context.CancellableContext context = Context.current().withCancellation();
    Code code = context.call(() -> watch(verifier(), () -> context.cancel(null)));
    check(code == Code.CANCELLED, code.toString());
  }

  private void big() {
    check(!verifier().verify(asking("x".repeat(BIG_BYTES))).getValid(), "it is valid");
    BatchVerifyRequest.Builder batch = BatchVerifyRequest.newBuilder();
    for (int n = 0; n < BATCH_SIZE; n++) batch.addRequests(asking(TOKEN));
    var answers = verifier().batchVerify(batch.build()).getResponsesList();
    check(answers.size() == BATCH_SIZE, "an answer is missing");
    answers.forEach(each -> check(each.getValid(), "a token of the batch is not valid"));
  }

  private void stream() throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    AtomicInteger answered = new AtomicInteger();
    StreamObserver<StreamVerifyRequest> requests =
        VerifierServiceGrpc.newStub(channel)
            .streamVerify(
                new StreamObserver<>() {
                  @Override
                  public void onNext(StreamVerifyResponse answer) {
                    for (var item : answer.getItemsList()) {
                      answered.incrementAndGet();
                      boolean valid = item.getResponse().getValid();
                      if (valid != (item.getId() % 2 == 0)) {
                        done.completeExceptionally(new IllegalStateException("wrong verdict"));
                      }
                    }
                  }

                  @Override
                  public void onError(Throwable error) {
                    done.completeExceptionally(error);
                  }

                  @Override
                  public void onCompleted() {
                    done.complete(null);
                  }
                });
    for (int id = 0; id < STREAM_SIZE; id++) {
      VerifyRequest request = asking(id % 2 == 0 ? TOKEN : "Bearer wrong");
      var item = StreamVerifyRequest.Item.newBuilder().setId(id).setRequest(request);
      requests.onNext(StreamVerifyRequest.newBuilder().addItems(item).build());
    }
    requests.onCompleted();
    done.get(CALL_SECONDS, TimeUnit.SECONDS);
    check(answered.get() == STREAM_SIZE, answered + " answers");
  }

  private void serving() {
    HealthCheckRequest request =
        HealthCheckRequest.newBuilder().setService("usher.v1.VerifierService").build();
    var health =
        HealthGrpc.newBlockingStub(channel).withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
    check(health.check(request).getStatus() == ServingStatus.SERVING, "not serving");
    check(health.watch(request).next().getStatus() == ServingStatus.SERVING, "not serving");
  }

  /** Makes calls while connections reach their age. */
  private void goaway() throws Exception {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(AGE_MILLIS);
    var threads = Executors.newFixedThreadPool(8);
    List<Future<?>> callers = new ArrayList<>();
    for (int n = 0; n < 8; n++) {
      callers.add(
          threads.submit(
              () -> {
                while (System.nanoTime() < end) verify();
              }));
    }
    for (Future<?> caller : callers) caller.get();
    threads.shutdown();
  }

  /** Waits for a restart of the server, and calls until it answers. */
  private void reconnect() throws Exception {
    System.out.println("{\"waits\":\"restart\"}");
    System.out.flush();
    new BufferedReader(new InputStreamReader(System.in)).readLine();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(CALL_SECONDS);
    while (true) {
      try {
        verify();
        return;
      } catch (StatusRuntimeException error) {
        boolean isOver = System.nanoTime() > end;
        if (isOver || error.getStatus().getCode() != Code.UNAVAILABLE) throw error;
        Thread.sleep(50);
      }
    }
  }
}
