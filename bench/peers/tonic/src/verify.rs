//! The service: only Verify is served.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, RwLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming, async_trait};

use crate::{
    known::{Hash, Index, Known, Record, hash},
    prove::{Proof, prove},
    usher::{verifier_service_server::VerifierService, *},
};

/// Bounds the JWTs that are remembered.
const PROVEN_MAX: usize = 100_000;
const CACHE_TTL: Duration = Duration::from_secs(2);

pub struct Verifier {
    index: Index,
    proven: RwLock<HashMap<Hash, Arc<Proof>>>,
}

impl Verifier {
    pub fn new(known: Known) -> Self {
        Self {
            index: known.index(),
            proven: RwLock::default(),
        }
    }

    fn verdict(&self, header: &str) -> VerifyResponse {
        if header.is_empty() {
            return refused(Reason::MissingCredentials, "no credentials");
        }
        let bearer = header.strip_prefix("Bearer ");
        let token = bearer.unwrap_or(header);
        if token.contains('.') {
            return match bearer {
                Some(token) => self.jwt(token),
                None => refused(Reason::MalformedCredentials, "malformed credentials"),
            };
        }
        match self.index.fixed.get(&hash(token)) {
            Some(record) => granted(record),
            None => refused(Reason::InvalidToken, "invalid token"),
        }
    }

    fn jwt(&self, token: &str) -> VerifyResponse {
        let Some(proof) = self.proof(token) else {
            return refused(Reason::InvalidToken, "invalid token");
        };
        let exp = UNIX_EPOCH + Duration::from_secs(proof.exp.max(0) as u64);
        let Ok(left) = exp.duration_since(SystemTime::now()) else {
            return refused(Reason::Expired, "token expired");
        };
        VerifyResponse {
            subject: proof.subject.clone(),
            exp: proof.exp,
            claims: Some(proof.claims.clone()),
            watched_ttl: left.try_into().ok(),
            ..granted(&proof.record)
        }
    }

    fn proof(&self, token: &str) -> Option<Arc<Proof>> {
        let key = hash(token);
        if let Some(proof) = self.proven.read().ok()?.get(&key) {
            return Some(proof.clone());
        }
        let proof = Arc::new(prove(token, &self.index.jwt)?);
        let mut proven = self.proven.write().ok()?;
        if proven.len() >= PROVEN_MAX {
            proven.clear();
        }
        proven.insert(key, proof.clone());
        Some(proof)
    }
}

fn granted(record: &Record) -> VerifyResponse {
    VerifyResponse {
        valid: true,
        http_status: 200,
        token_id: record.id.clone(),
        kind: record.kind.into(),
        scopes: record.scopes.clone(),
        cache_ttl: CACHE_TTL.try_into().ok(),
        revision: record.revision,
        ..VerifyResponse::default()
    }
}

fn refused(reason: Reason, message: &str) -> VerifyResponse {
    VerifyResponse {
        reason: reason.into(),
        message: message.to_owned(),
        http_status: 401,
        ..VerifyResponse::default()
    }
}

type Answer<T> = Result<Response<T>, Status>;
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[async_trait]
impl VerifierService for Verifier {
    async fn verify(&self, request: Request<VerifyRequest>) -> Answer<VerifyResponse> {
        Ok(Response::new(self.verdict(&request.get_ref().header)))
    }

    async fn hello(&self, _: Request<HelloRequest>) -> Answer<HelloResponse> {
        Err(Status::unimplemented("Hello"))
    }

    async fn batch_verify(&self, _: Request<BatchVerifyRequest>) -> Answer<BatchVerifyResponse> {
        Err(Status::unimplemented("BatchVerify"))
    }

    type StreamVerifyStream = Answers<StreamVerifyResponse>;

    async fn stream_verify(
        &self,
        _: Request<Streaming<StreamVerifyRequest>>,
    ) -> Answer<Self::StreamVerifyStream> {
        Err(Status::unimplemented("StreamVerify"))
    }

    type WatchInvalidationsStream = Answers<WatchInvalidationsResponse>;

    async fn watch_invalidations(
        &self,
        _: Request<WatchInvalidationsRequest>,
    ) -> Answer<Self::WatchInvalidationsStream> {
        Err(Status::unimplemented("WatchInvalidations"))
    }

    async fn issue_jwt(&self, _: Request<IssueJwtRequest>) -> Answer<IssueJwtResponse> {
        Err(Status::unimplemented("IssueJwt"))
    }
}
