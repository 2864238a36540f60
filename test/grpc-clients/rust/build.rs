//! Generates the client's half of usher.v1 from this repository's proto files.

use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let proto = Path::new("../../../proto");
    println!("cargo::rerun-if-changed={}", proto.display());
    let files = protox::compile([proto.join("usher/v1/verifier.proto")], [proto])?;
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(files)?;
    Ok(())
}
