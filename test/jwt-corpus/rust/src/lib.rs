//! What the generators of Rust share: the claims, and the form of their output.

use serde_json::{Map, Value, json};
use std::env;

pub fn kid() -> String {
    env::var("JWT_KID").unwrap()
}

pub fn key() -> String {
    env::var("JWT_SECRET_KEY").unwrap()
}

pub fn now() -> u64 {
    env::var("JWT_NOW").unwrap().parse().unwrap()
}

pub fn exp() -> u64 {
    now() + 3600
}

/// Claims that each library writes with the same call as its default ones.
pub fn plain() -> Vec<(&'static str, Value)> {
    let (now, exp) = (now(), exp());
    vec![
        ("default", json!({"exp": exp})),
        (
            "all registered claims",
            json!({"iss": "shop", "sub": "ada", "aud": "orders", "exp": exp, "nbf": now, "iat": now, "jti": "j-1"}),
        ),
        ("times are f64", json!({"exp": exp as f64, "nbf": now as f64 + 0.5, "iat": now as f64})),
        ("several audiences", json!({"exp": exp, "aud": ["orders", "mail"]})),
        ("sub and jti are numbers", json!({"exp": exp, "sub": 42, "jti": 7})),
        ("scope is text", json!({"exp": exp, "scope": "orders:read mail"})),
        ("scope is a list", json!({"exp": exp, "scope": ["orders:read", "mail"]})),
        (
            "claims are null, as Option::None is",
            json!({"exp": exp, "nbf": null, "iat": null, "sub": null, "jti": null, "scope": null}),
        ),
        ("nested claims", json!({"exp": exp, "user": {"id": 7, "roles": ["a"]}})),
        ("text beyond ASCII", json!({"exp": exp, "name": "Zoë 😀"})),
        ("an integer beyond 2^53", json!({"exp": exp, "id": u64::MAX})),
        ("exp is u64::MAX", json!({"exp": u64::MAX})),
        ("nbf a minute ahead", json!({"exp": exp, "nbf": now + 60})),
        ("exp is text", json!({"exp": exp.to_string()})),
        ("exp is null", json!({"exp": null})),
        ("aud is null", json!({"exp": exp, "aud": null})),
        ("no exp", json!({"sub": "ada"})),
        ("expired", json!({"exp": now - 1})),
    ]
}

/// Prints the fixture.
pub fn write(library: &str, version: &str, jwts: Vec<(&str, String)>) {
    let made: Map<String, Value> = jwts.into_iter().map(|(name, jwt)| (name.into(), jwt.into())).collect();
    let fixture = json!({
        "language": "Rust", "library": library, "version": version, "jwts": made, "notMade": [],
    });
    println!("{}", serde_json::to_string_pretty(&fixture).unwrap());
}
