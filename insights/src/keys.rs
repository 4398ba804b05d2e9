//! API keys: made, listed, revoked, recognised. Only the hash of a key's secret part is ever stored.

use std::fmt;

use jiff::Timestamp;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use subtle::ConstantTimeEq;

use crate::query;
pub use crate::query::api_key::KeyRow;
use crate::query::api_key::NewKey;
pub use crate::scope::Scope;

const PREFIX: &str = "cbk";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// A new key. The secret and the token that holds it can be shown this once and never again.
#[derive(Debug)]
pub struct GeneratedKey {
    /// Public part, by which the key is found and revoked.
    pub id: String,
    /// Secret part.
    pub secret: SecretString,
    /// What callers send: `cbk_<id>_<secret>`.
    pub token: SecretString,
    /// SHA-256 of the secret part: what is stored.
    pub hash: [u8; 32],
}

/// A new key from the system's randomness; it is stored nowhere yet.
pub fn generate() -> GeneratedKey {
    generate_as(PREFIX)
}

/// A token of the same form for another purpose, which its prefix names.
pub(crate) fn generate_as(prefix: &str) -> GeneratedKey {
    let id = const_hex::encode(rand::random::<[u8; ID_BYTES]>());
    let secret = const_hex::encode(rand::random::<[u8; SECRET_BYTES]>());
    GeneratedKey {
        token: SecretString::from(format!("{prefix}_{id}_{secret}")),
        hash: hash(&secret),
        secret: SecretString::from(secret),
        id,
    }
}

/// Makes a key and stores its hash.
///
/// # Errors
///
/// Where the database does not take it.
pub async fn create(
    connection: &mut PgConnection,
    name: &str,
    scope: &Scope,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<GeneratedKey, sqlx::Error> {
    let key = generate();
    let stored = NewKey { id: &key.id, name, hash: &key.hash, scope, expires_at };
    query::api_key::insert(connection, stored, now).await?;
    Ok(key)
}

/// All keys, oldest first, without their hashes.
///
/// # Errors
///
/// Where the database does not answer.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<KeyRow>, sqlx::Error> {
    query::api_key::list(connection).await
}

/// Revokes a key from now on; `false` where no such key exists or it is revoked already.
///
/// # Errors
///
/// Where the database does not take it.
pub async fn revoke(connection: &mut PgConnection, id: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    query::api_key::revoke(connection, id, now).await
}

/// A key as a caller presents it: well formed, and not yet checked.
pub(crate) struct PresentedKey<'a> {
    pub(crate) id: &'a str,
    secret: &'a str,
}

impl<'a> PresentedKey<'a> {
    /// Reads `cbk_<id>_<secret>`.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        Self::parse_as(PREFIX, token)
    }

    /// Reads a token of another prefix.
    pub(crate) fn parse_as(prefix: &str, token: &'a str) -> Option<Self> {
        let (id, secret) = token.strip_prefix(prefix)?.strip_prefix('_')?.split_once('_')?;
        let well_formed = is_hex(id, ID_BYTES) && is_hex(secret, SECRET_BYTES);
        well_formed.then_some(Self { id, secret })
    }

    /// Compares with a stored hash in constant time.
    pub(crate) fn matches(&self, stored: &[u8]) -> bool {
        hash(self.secret).ct_eq(stored).into()
    }
}

impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn is_hex(text: &str, bytes: usize) -> bool {
    text.len() == 2 * bytes && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_generated_key_is_recognised_by_its_hash_alone() {
        let (key, other) = (generate(), generate());
        let presented = PresentedKey::parse(key.token.expose_secret()).unwrap();
        assert_eq!(presented.id, key.id);
        assert!(presented.matches(&key.hash));
        assert!(!presented.matches(&other.hash));
        assert!(!presented.matches(&[]));
        assert_ne!(key.id, other.id);
    }

    #[test]
    fn every_byte_of_the_hash_counts() {
        let key = generate();
        let presented = PresentedKey::parse(key.token.expose_secret()).unwrap();
        for at in 0..key.hash.len() {
            let mut other = key.hash;
            other[at] ^= 1;
            assert!(!presented.matches(&other), "byte {at} is not compared");
            assert!(!presented.matches(&key.hash[..at]), "{at} bytes are enough");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = generate();
        let presented = PresentedKey::parse(key.token.expose_secret()).unwrap();
        for shown in [format!("{key:?}"), format!("{presented:?}")] {
            assert!(shown.contains(&key.id) && !shown.contains(key.secret.expose_secret()));
        }
    }

    #[test]
    fn what_is_not_formed_like_a_key_is_none() {
        let key = generate();
        let token = key.token.expose_secret();
        let bad = [
            String::new(),
            "cbk_".to_owned(),
            token.to_uppercase(),
            format!("{token}0"),
            token[..token.len() - 1].to_owned(),
            token.replacen("cbk", "xyz", 1),
            token.replacen('_', "-", 2),
            format!(" {token}"),
            format!("cbk__{}", key.secret.expose_secret()),
        ];
        for token in bad {
            assert!(PresentedKey::parse(&token).is_none(), "{token}");
        }
    }
}
