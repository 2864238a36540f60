"""Makes the calls of ../README.md by grpc-python."""

import json
import os
import sys
import threading
import time

import grpc
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from usher.v1 import verifier_pb2, verifier_pb2_grpc

CALL_TIME = 10
AGE_TIME = 4
BIG_BYTES = 3_000_000
BATCH_SIZE = 256
STREAM_SIZE = 1000

token = os.environ["USHER_TOKEN"]


def read(variable):
    with open(os.environ[variable], "rb") as file:
        return file.read()


def channel_to(target):
    if "USHER_CA" not in os.environ:
        return grpc.insecure_channel(target)
    pair = read("USHER_KEY"), read("USHER_CERT")
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(read("USHER_CA"), *pair))


channel = channel_to(os.environ["USHER_TARGET"])
verifier = verifier_pb2_grpc.VerifierServiceStub(channel)
health = health_pb2_grpc.HealthStub(channel)


def say(outcome):
    print(json.dumps(outcome), flush=True)


def verify(compression=None):
    request = verifier_pb2.VerifyRequest(header=token)
    answer = verifier.Verify(request, timeout=CALL_TIME, compression=compression)
    assert answer.valid, "the token is not valid"


def compressed():
    verify(grpc.Compression.Gzip)
    verify(grpc.Compression.Deflate)


def failure():
    metadata = [("authorization", os.environ["USHER_ADMIN_TOKEN"])]
    try:
        verifier.IssueJwt(verifier_pb2.IssueJwtRequest(), timeout=CALL_TIME, metadata=metadata)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error.code()
        bad = error_details_pb2.BadRequest()
        assert rpc_status.from_call(error).details[0].Unpack(bad)
        assert len(bad.field_violations) > 0
        return
    raise AssertionError("there is no error")


def status_of(stream, on_message):
    try:
        for _ in stream:
            on_message(stream)
    except grpc.RpcError as error:
        return error.code()
    return None


def deadline():
    stream = verifier.WatchInvalidations(verifier_pb2.WatchInvalidationsRequest(), timeout=0.3)
    code = status_of(stream, lambda _: None)
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED, code


def cancel():
    stream = verifier.WatchInvalidations(verifier_pb2.WatchInvalidationsRequest(), timeout=CALL_TIME)
    code = status_of(stream, lambda each: each.cancel())
    assert code == grpc.StatusCode.CANCELLED, code


def big():
    long = verifier_pb2.VerifyRequest(header="x" * BIG_BYTES)
    assert not verifier.Verify(long, timeout=CALL_TIME).valid
    batch = verifier_pb2.BatchVerifyRequest(
        requests=[verifier_pb2.VerifyRequest(header=token)] * BATCH_SIZE
    )
    answers = verifier.BatchVerify(batch, timeout=CALL_TIME).responses
    assert [each.valid for each in answers] == [True] * BATCH_SIZE


def stream():
    def requests():
        for number in range(STREAM_SIZE):
            header = token if number % 2 == 0 else "Bearer wrong"
            request = verifier_pb2.VerifyRequest(header=header)
            item = verifier_pb2.StreamVerifyRequest.Item(id=number, request=request)
            yield verifier_pb2.StreamVerifyRequest(items=[item])

    answered = 0
    for answer in verifier.StreamVerify(requests(), timeout=CALL_TIME):
        for item in answer.items:
            answered += 1
            assert item.response.valid == (item.id % 2 == 0), item.id
    assert answered == STREAM_SIZE, answered


def serving():
    request = health_pb2.HealthCheckRequest(service="usher.v1.VerifierService")
    assert health.Check(request, timeout=CALL_TIME).status == 1
    watched = health.Watch(request, timeout=CALL_TIME)
    assert next(watched).status == 1
    watched.cancel()


def goaway():
    """Makes calls while connections reach their age."""
    end = time.monotonic() + AGE_TIME
    wrong = []

    def caller():
        try:
            while time.monotonic() < end:
                verify()
        except (grpc.RpcError, AssertionError) as error:
            wrong.append(error)

    callers = [threading.Thread(target=caller) for _ in range(8)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    assert not wrong, wrong[0]


def reconnect():
    """Waits for a restart of the server, and calls until it answers."""
    say({"waits": "restart"})
    sys.stdin.readline()
    end = time.monotonic() + CALL_TIME
    while True:
        try:
            return verify()
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > end:
                raise
            time.sleep(0.05)


CALLS = {
    "unary": verify,
    "error": failure,
    "deadline": deadline,
    "cancel": cancel,
    "big": big,
    "compressed": compressed,
    "stream": stream,
    "health": serving,
    "goaway": goaway,
    "reconnect": reconnect,
}

for name, call in CALLS.items():
    try:
        call()
        say({"call": name, "ok": True})
    except Exception as error:  # pylint: disable=broad-except
        say({"call": name, "ok": False, "why": f"{type(error).__name__}: {error}"})
