//! Tokens at rest: sealed with XChaCha20-Poly1305 and bound to their row and column, so that a sealed token
//! copied to another account opens nowhere.
//!
//! A sealed token is text: `v1.<key id>.<base64 of nonce and ciphertext>`; the key id is the first four bytes
//! of the key's SHA-256.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const VERSION: &str = "v1";
const NONCE_BYTES: usize = 24;

/// The column a token is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// `instagram_tokens.token`.
    Token,
    /// `instagram_tokens.token_secret`.
    TokenSecret,
}

/// Why a token could not be sealed or opened. Never says anything about the token or the keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The setting holds no key.
    #[error("no token key is set")]
    NoKey,
    /// One of the keys cannot be used.
    #[error("token key {0} is not 32 bytes in base64")]
    BadKey(usize),
    /// The sealed text is not of a form we know.
    #[error("the sealed token has an unknown form")]
    BadForm,
    /// None of the keys sealed it.
    #[error("the token was sealed with key {0}, which is not among the token keys")]
    UnknownKey(String),
    /// The key fits, but not the row, the column or the bytes.
    #[error("the sealed token was changed or belongs to another row")]
    Refused,
}

/// The keys: the first seals, all open.
#[derive(Clone)]
pub struct TokenKeys {
    keys: Vec<NamedKey>,
}

#[derive(Clone)]
struct NamedKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

impl TokenKeys {
    /// Reads the setting: 32 byte keys in base64, comma separated.
    ///
    /// # Errors
    /// There is no key, or one is not 32 bytes in base64.
    pub fn parse(setting: &SecretString) -> Result<Self, SealError> {
        let texts = setting.expose_secret().split(',').map(str::trim).filter(|text| !text.is_empty());
        let keys =
            texts.enumerate().map(|(place, text)| NamedKey::parse(text).ok_or(SealError::BadKey(place + 1)));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(SealError::NoKey) } else { Ok(Self { keys }) }
    }

    /// Seals a token for one row and column.
    ///
    /// # Errors
    /// The cipher refuses, which it does only for texts of many gigabytes.
    pub fn seal(&self, user_id: &str, column: Column, token: &SecretString) -> Result<String, SealError> {
        let key = self.keys.first().ok_or(SealError::NoKey)?;
        let nonce = XNonce::generate();
        let (msg, aad) = (token.expose_secret().as_bytes(), associated(user_id, column));
        let sealed = key.cipher.encrypt(&nonce, Payload { msg, aad: aad.as_bytes() });
        let sealed = sealed.map_err(|_| SealError::Refused)?;
        let bytes = [nonce.as_slice(), sealed.as_slice()].concat();
        Ok(format!("{VERSION}.{}.{}", key.id, STANDARD.encode(bytes)))
    }

    /// Opens what [`Self::seal`] made for the same row and column.
    ///
    /// # Errors
    /// The text has another form, was sealed with a key we do not have, was changed, or belongs to another
    /// row or column.
    pub fn open(&self, user_id: &str, column: Column, sealed: &str) -> Result<SecretString, SealError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some(VERSION), Some(id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SealError::BadForm);
        };
        let bytes = STANDARD.decode(text).map_err(|_| SealError::BadForm)?;
        let (nonce, msg) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealError::BadForm)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| SealError::BadForm)?;
        let key = self.keys.iter().find(|key| key.id == id);
        let key = key.ok_or_else(|| SealError::UnknownKey(id.chars().take(8).collect()))?;
        let aad = associated(user_id, column);
        let token = key.cipher.decrypt(&nonce, Payload { msg, aad: aad.as_bytes() });
        let token = String::from_utf8(token.map_err(|_| SealError::Refused)?);
        token.map(SecretString::from).map_err(|_| SealError::Refused)
    }
}

impl NamedKey {
    fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let key = Key::try_from(bytes.as_slice()).ok()?;
        let id = const_hex::encode(&Sha256::digest(&bytes)[..4]);
        Some(Self { id, cipher: XChaCha20Poly1305::new(&key) })
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

fn associated(user_id: &str, column: Column) -> String {
    let column = match column {
        Column::Token => "token",
        Column::TokenSecret => "token_secret",
    };
    format!("{user_id}:{column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> TokenKeys {
        let texts: Vec<_> = bytes.iter().map(|byte| STANDARD.encode([*byte; 32])).collect();
        TokenKeys::parse(&texts.join(", ").into()).unwrap()
    }

    fn sealed(keys: &TokenKeys) -> String {
        keys.seal("178414", Column::Token, &"EAAB-token".into()).unwrap()
    }

    #[test]
    fn a_token_opens_in_its_own_row_and_column_only() {
        let keys = keys(&[1]);
        let sealed = sealed(&keys);
        assert!(sealed.starts_with("v1.72cd6e84.") && !sealed.contains("EAAB"), "{sealed}");
        assert_eq!(keys.open("178414", Column::Token, &sealed).unwrap().expose_secret(), "EAAB-token");
        assert_eq!(keys.open("178415", Column::Token, &sealed).unwrap_err(), SealError::Refused);
        assert_eq!(keys.open("178414", Column::TokenSecret, &sealed).unwrap_err(), SealError::Refused);
    }

    #[test]
    fn sealing_twice_gives_two_texts() {
        let keys = keys(&[1]);
        assert_ne!(sealed(&keys), sealed(&keys));
    }

    #[test]
    fn after_a_rotation_old_tokens_open_and_new_ones_use_the_new_key() {
        let old = sealed(&keys(&[1]));
        let rotated = keys(&[2, 1]);
        assert!(rotated.open("178414", Column::Token, &old).is_ok());
        let new = sealed(&rotated);
        assert_eq!(
            keys(&[1]).open("178414", Column::Token, &new).unwrap_err(),
            SealError::UnknownKey(new[3..11].to_owned())
        );
        assert!(keys(&[2]).open("178414", Column::Token, &new).is_ok());
    }

    #[test]
    fn changed_or_foreign_text_is_refused() {
        let keys = keys(&[1]);
        let sealed = sealed(&keys);
        let mut bytes = STANDARD.decode(&sealed[12..]).unwrap();
        bytes[30] ^= 1;
        let changed = format!("{}{}", &sealed[..12], STANDARD.encode(bytes));
        assert_eq!(keys.open("178414", Column::Token, &changed).unwrap_err(), SealError::Refused);
        for text in ["", "EAAB-token", "v2.72cd6e84.AAAA", "v1.72cd6e84", "v1.72cd6e84.AAAA", "v1.72cd6e84.é"]
        {
            assert_eq!(keys.open("178414", Column::Token, text).unwrap_err(), SealError::BadForm, "{text}");
        }
    }

    #[test]
    fn a_key_that_is_no_key_is_named_by_its_place() {
        let good = STANDARD.encode([1; 32]);
        assert_eq!(TokenKeys::parse(&" ,".into()).unwrap_err(), SealError::NoKey);
        for bad in ["short", "!", &STANDARD.encode([1; 31])] {
            let setting = format!("{good},{bad}");
            assert_eq!(TokenKeys::parse(&setting.into()).unwrap_err(), SealError::BadKey(2));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", keys(&[1, 2])), "TokenKeys { keys: 2, .. }");
    }
}
