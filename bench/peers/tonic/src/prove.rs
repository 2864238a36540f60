//! The proof of a JWT: its signature, and what it says.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use prost_types::{ListValue, Struct, Value, value::Kind};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value as Json;
use sha2::Sha256;

use crate::known::Record;

/// What a JWT said whose signature was right.
pub struct Proof {
    pub record: Arc<Record>,
    pub subject: String,
    /// Seconds since 1970.
    pub exp: i64,
    pub claims: Struct,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: String,
}

/// Checks the signature and reads the claims; none if anything is wrong.
pub fn prove(token: &str, records: &HashMap<String, Arc<Record>>) -> Option<Proof> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, payload) = signed.split_once('.')?;
    let head: Head = decode(head)?;
    let record = records.get(&head.kid).filter(|_| head.alg == "HS256")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&record.secret).ok()?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?)
        .ok()?;
    let claims: serde_json::Map<String, Json> = decode(payload)?;
    Some(Proof {
        record: record.clone(),
        subject: claims
            .get("sub")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned(),
        exp: claims.get("exp")?.as_i64()?,
        claims: fields(claims),
    })
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn fields(object: serde_json::Map<String, Json>) -> Struct {
    let fields: BTreeMap<_, _> = object
        .into_iter()
        .map(|(name, value)| (name, message(value)))
        .collect();
    Struct { fields }
}

fn message(value: Json) -> Value {
    let kind = match value {
        Json::Null => Kind::NullValue(0),
        Json::Bool(value) => Kind::BoolValue(value),
        Json::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or_default()),
        Json::String(value) => Kind::StringValue(value),
        Json::Array(values) => Kind::ListValue(ListValue {
            values: values.into_iter().map(message).collect(),
        }),
        Json::Object(object) => Kind::StructValue(fields(object)),
    };
    Value { kind: Some(kind) }
}
