//! Whose connection a request came by.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The other end of the connection: behind a proxy, the proxy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let unknown = Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(unknown))
    }
}
