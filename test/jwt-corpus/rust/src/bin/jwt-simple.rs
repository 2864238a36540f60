//! JWTs as jwt-simple makes them.

use corpus::{exp, key, kid, now, plain, write};
use jwt_simple::prelude::*;
use std::collections::HashSet;

fn at(seconds: u64) -> Option<UnixTimeStamp> {
    Some(UnixTimeStamp::from_secs(seconds))
}

/// Claims with the times of the corpus, since the library reads the clock.
fn fixed(mut claims: JWTClaims<NoCustomClaims>) -> JWTClaims<NoCustomClaims> {
    claims.issued_at = at(now());
    claims.expires_at = at(exp());
    if claims.invalid_before.is_some() {
        claims.invalid_before = at(now());
    }
    claims
}

fn main() {
    let hs256 = HS256Key::from_bytes(key().as_bytes()).with_key_id(&kid());
    let lasting = || Claims::create(Duration::from_hours(1));
    let sign = |claims: JWTClaims<NoCustomClaims>| hs256.authenticate(fixed(claims)).unwrap();
    let audiences: HashSet<&str> = HashSet::from(["orders"]);
    let mut jwts: Vec<(&str, String)> = vec![
        ("default", sign(lasting())),
        (
            "all registered claims",
            sign(lasting().with_issuer("shop").with_subject("ada").with_audience("orders").with_jwt_id("j-1")),
        ),
        ("a set of audiences", sign(lasting().with_audiences(audiences))),
        ("with a nonce", sign(lasting().with_nonce("n-1"))),
    ];
    for (name, claims) in plain().iter().filter(|(name, _)| name.starts_with("nested") || name.starts_with("scope")) {
        let mut custom = Claims::with_custom_claims(claims.clone(), Duration::from_hours(1));
        custom.issued_at = at(now());
        custom.expires_at = None;
        custom.invalid_before = at(now());
        jwts.push((name, hs256.authenticate(custom).unwrap()));
    }
    let hs512 = HS512Key::from_bytes(key().as_bytes()).with_key_id(&kid());
    let hs384 = HS384Key::from_bytes(key().as_bytes()).with_key_id(&kid());
    jwts.push(("HS384", hs384.authenticate(fixed(lasting())).unwrap()));
    jwts.push(("HS512", hs512.authenticate(fixed(lasting())).unwrap()));
    let unnamed = HS256Key::from_bytes(key().as_bytes());
    jwts.push(("no kid", unnamed.authenticate(fixed(lasting())).unwrap()));
    write("jwt-simple", "0.15.0", jwts);
}
