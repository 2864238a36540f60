//! JWTs as jsonwebtoken makes them.

use corpus::{exp, key, kid, plain, write};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

fn sign(header: &Header, claims: &Value) -> String {
    encode(header, claims, &EncodingKey::from_secret(key().as_bytes())).unwrap()
}

fn header(algorithm: Algorithm) -> Header {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid());
    header
}

fn main() {
    let short = json!({"exp": exp()});
    let usual = header(Algorithm::HS256);
    let mut jwts: Vec<(&str, String)> =
        plain().iter().map(|(name, claims)| (*name, sign(&usual, claims))).collect();
    let with = |change: fn(&mut Header)| {
        let mut header = header(Algorithm::HS256);
        change(&mut header);
        sign(&header, &short)
    };
    jwts.push(("no typ", with(|header| header.typ = None)));
    jwts.push(("typ at+jwt", with(|header| header.typ = Some("at+jwt".into()))));
    jwts.push(("with cty", with(|header| header.cty = Some("json".into()))));
    jwts.push(("with jku", with(|header| header.jku = Some("https://keys.example".into()))));
    jwts.push(("kid in upper case", with(|header| header.kid = Some(kid().to_uppercase()))));
    jwts.push(("no kid", with(|header| header.kid = None)));
    jwts.push(("HS384", sign(&header(Algorithm::HS384), &short)));
    jwts.push(("HS512", sign(&header(Algorithm::HS512), &short)));
    write("jsonwebtoken", "11.1.0", jwts);
}
