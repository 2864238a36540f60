//! The verifier that a Rust team would write: tonic on one thread, tokens in a map, JWTs that were
//! proven once remembered by the SHA-256 of their header. The benchmark compares Usher with it. It
//! reads what it knows from stdin (see known.rs) and prints its port.

mod known;
mod prove;
mod verify;

use std::{error::Error, io};

use tonic::transport::{Server, server::TcpIncoming};

/// Code generated from proto/usher/v1.
mod usher {
    tonic::include_proto!("usher.v1");
}

use usher::verifier_service_server::VerifierServiceServer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let known = serde_json::from_reader(io::stdin())?;
    let service = VerifierServiceServer::new(verify::Verifier::new(known));
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?.with_nodelay(Some(true));
    println!("{}", incoming.local_addr()?.port());
    Server::builder()
        .add_service(service)
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
