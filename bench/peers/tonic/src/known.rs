//! What the server knows: one static token, one key of JWTs, and records beside them.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::usher::Kind;

/// As read from stdin.
#[derive(Deserialize)]
pub struct Known {
    #[serde(rename = "static")]
    fixed: Static,
    jwt: Jwt,
    /// The number of further static tokens, which no client sends.
    others: usize,
}

#[derive(Deserialize)]
struct Static {
    id: String,
    token: String,
}

#[derive(Deserialize)]
struct Jwt {
    id: String,
    secret: String,
}

/// An access token.
pub struct Record {
    pub id: String,
    pub kind: Kind,
    pub scopes: Vec<String>,
    pub revision: u64,
    /// Signs the JWTs of a record of kind jwt.
    pub secret: Vec<u8>,
}

/// The SHA-256 of a token.
pub type Hash = [u8; 32];

/// The records: those of static tokens by the token's hash, the others by their id.
pub struct Index {
    pub fixed: HashMap<Hash, Arc<Record>>,
    pub jwt: HashMap<String, Arc<Record>>,
}

impl Known {
    pub fn index(self) -> Index {
        let random = RandomState::new();
        let mut fixed: HashMap<Hash, Arc<Record>> = (0..self.others)
            .map(|n| {
                let id = format!("{:016x}{:016x}", random.hash_one(n), n);
                (hash(&id), record(id, Kind::Static, Vec::new()))
            })
            .collect();
        fixed.insert(
            hash(&self.fixed.token),
            record(self.fixed.id, Kind::Static, Vec::new()),
        );
        let key = record(self.jwt.id, Kind::Jwt, self.jwt.secret.into_bytes());
        Index {
            fixed,
            jwt: HashMap::from([(key.id.clone(), key)]),
        }
    }
}

/// The SHA-256 by which a token is found.
pub fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

fn record(id: String, kind: Kind, secret: Vec<u8>) -> Arc<Record> {
    Arc::new(Record {
        id,
        kind,
        scopes: Vec::new(),
        revision: 1,
        secret,
    })
}
