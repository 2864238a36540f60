//! Makes the calls of ../README.md by tonic.

use std::{env, error::Error, fs, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::{Instant, sleep},
};
use tokio_stream::{StreamExt, iter};
use tonic::{
    Code, Request, Status,
    codec::CompressionEncoding,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt;
use usher::{
    BatchVerifyRequest, IssueJwtRequest, StreamVerifyRequest, VerifyRequest,
    WatchInvalidationsRequest, stream_verify_request, stream_verify_response::item::Outcome,
    verifier_service_client::VerifierServiceClient,
};

mod usher {
    tonic::include_proto!("usher.v1");
}

const CALL_TIME: Duration = Duration::from_secs(10);
const AGE_TIME: Duration = Duration::from_secs(4);
const BIG_BYTES: usize = 3_000_000;
const BATCH_SIZE: u64 = 256;
const STREAM_SIZE: u64 = 1000;

type Done = Result<(), Box<dyn Error>>;
type Verifier = VerifierServiceClient<Channel>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let channel = endpoint()?.connect_lazy();
    let verifier = VerifierServiceClient::new(channel.clone());
    report("unary", verify(verifier.clone()).await);
    report("error", failure(verifier.clone()).await);
    report("deadline", deadline(verifier.clone()).await);
    report("cancel", cancel(verifier.clone()).await);
    report("big", big(verifier.clone()).await);
    report("compressed", compressed(&verifier).await);
    report("stream", stream(verifier.clone()).await);
    report("health", serving(channel).await);
    report("goaway", goaway(&verifier).await);
    report("reconnect", reconnect(&verifier).await);
    Ok(())
}

/// Over TLS, with a certificate of its own, where USHER_CA names the authority of the server's.
fn endpoint() -> Result<Endpoint, Box<dyn Error>> {
    let target = env::var("USHER_TARGET")?;
    let Ok(authority) = env::var("USHER_CA") else {
        return Ok(Endpoint::from_shared(format!("http://{target}"))?);
    };
    let [cert, key] = [env::var("USHER_CERT")?, env::var("USHER_KEY")?];
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(fs::read(authority)?))
        .identity(Identity::from_pem(fs::read(cert)?, fs::read(key)?));
    Ok(Endpoint::from_shared(format!("https://{target}"))?.tls_config(tls)?)
}

fn report(call: &str, outcome: Done) {
    let why = outcome.err().map(|error| error.to_string());
    println!("{}", json!({ "call": call, "ok": why.is_none(), "why": why }));
}

fn token() -> String {
    env::var("USHER_TOKEN").unwrap_or_default()
}

fn asking(header: String) -> VerifyRequest {
    VerifyRequest { header, ..Default::default() }
}

fn timed<T>(message: T, time: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(time);
    request
}

fn check(holds: bool, text: &str) -> Done {
    if holds { Ok(()) } else { Err(text.into()) }
}

async fn verify(mut verifier: Verifier) -> Done {
    let answer = verifier.verify(timed(asking(token()), CALL_TIME)).await?;
    check(answer.get_ref().valid, "the token is not valid")
}

async fn compressed(verifier: &Verifier) -> Done {
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Deflate] {
        verify(verifier.clone().send_compressed(encoding).accept_compressed(encoding)).await?;
    }
    Ok(())
}

async fn failure(mut verifier: Verifier) -> Done {
    let mut request = timed(IssueJwtRequest::default(), CALL_TIME);
    let admin = env::var("USHER_ADMIN_TOKEN")?.parse()?;
    request.metadata_mut().insert("authorization", admin);
    let Err(status) = verifier.issue_jwt(request).await else {
        return Err("there is no error".into());
    };
    check(status.code() == Code::InvalidArgument, "another status")?;
    let bad = status.get_details_bad_request().ok_or("no BadRequest")?;
    check(!bad.field_violations.is_empty(), "the BadRequest is empty")
}

async fn deadline(mut verifier: Verifier) -> Done {
    let request = timed(WatchInvalidationsRequest::default(), Duration::from_millis(300));
    let status: Status = match verifier.watch_invalidations(request).await {
        Err(status) => status,
        Ok(watched) => {
            let mut watched = watched.into_inner();
            loop {
                match watched.message().await {
                    Ok(Some(_)) => {}
                    Ok(None) => return Err("the stream ended".into()),
                    Err(status) => break status,
                }
            }
        }
    };
    // tonic calls a deadline that it noticed first a cancellation.
    let codes = [Code::DeadlineExceeded, Code::Cancelled];
    check(codes.contains(&status.code()), &status.to_string())
}

async fn cancel(mut verifier: Verifier) -> Done {
    let request = timed(WatchInvalidationsRequest::default(), CALL_TIME);
    let mut watched = verifier.watch_invalidations(request).await?.into_inner();
    watched.message().await?.ok_or("the stream ended")?;
    drop(watched);
    verify(verifier).await
}

async fn big(mut verifier: Verifier) -> Done {
    let long = asking("x".repeat(BIG_BYTES));
    let answer = verifier.verify(timed(long, CALL_TIME)).await?;
    check(!answer.get_ref().valid, "a long header is valid")?;
    let requests = (0..BATCH_SIZE).map(|_| asking(token())).collect();
    let batch = timed(BatchVerifyRequest { requests }, CALL_TIME);
    let answers = verifier.batch_verify(batch).await?.into_inner().responses;
    let valid = answers.iter().filter(|each| each.valid).count() as u64;
    check(valid == BATCH_SIZE, "a token of the batch is not valid")
}

async fn stream(mut verifier: Verifier) -> Done {
    let requests = iter((0..STREAM_SIZE).map(|id| {
        let header = if id % 2 == 0 { token() } else { "Bearer wrong".into() };
        let item = stream_verify_request::Item { id, request: Some(asking(header)) };
        StreamVerifyRequest { items: vec![item] }
    }));
    let mut answers = verifier.stream_verify(timed(requests, CALL_TIME)).await?.into_inner();
    let mut answered = 0;
    while let Some(answer) = answers.next().await {
        for item in answer?.items {
            answered += 1;
            let valid = matches!(item.outcome, Some(Outcome::Response(each)) if each.valid);
            check(valid == (item.id % 2 == 0), "a wrong verdict")?;
        }
    }
    check(answered == STREAM_SIZE, "an item has no answer")
}

async fn serving(channel: Channel) -> Done {
    let mut health = HealthClient::new(channel);
    let request = HealthCheckRequest { service: "usher.v1.VerifierService".into() };
    let answer = health.check(timed(request.clone(), CALL_TIME)).await?;
    check(answer.get_ref().status == 1, "not serving")?;
    let mut watched = health.watch(timed(request, CALL_TIME)).await?.into_inner();
    let first = watched.message().await?.ok_or("the watch ended")?;
    check(first.status == 1, "not serving")
}

/// Makes calls while connections reach their age.
async fn goaway(verifier: &Verifier) -> Done {
    let end = Instant::now() + AGE_TIME;
    let callers = (0..8).map(|_| {
        let verifier = verifier.clone();
        async move {
            while Instant::now() < end {
                verify(verifier.clone()).await?;
            }
            Ok(()) as Done
        }
    });
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let running: Vec<_> = callers
                .map(|each| tokio::task::spawn_local(async { each.await.map_err(|e| e.to_string()) }))
                .collect();
            for each in running {
                each.await??;
            }
            Ok(())
        })
        .await
}

/// Waits for a restart of the server, and calls until it answers.
async fn reconnect(verifier: &Verifier) -> Done {
    println!("{}", json!({ "waits": "restart" }));
    BufReader::new(tokio::io::stdin()).read_line(&mut String::new()).await?;
    let end = Instant::now() + CALL_TIME;
    loop {
        let outcome = verify(verifier.clone()).await;
        if outcome.is_ok() || Instant::now() > end {
            return outcome;
        }
        sleep(Duration::from_millis(50)).await;
    }
}
