//! The simulator's tokens and its app secret: real in effect, and easy to find wherever they should not be.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use super::error::GraphError;
use crate::seeded::mix;

/// Every token of a simulator begins with this.
pub const TOKEN_MARK: &str = "SIMTOKEN-";
/// Every app secret of a simulator begins with this.
pub const SECRET_MARK: &str = "SIMSECRET-";
/// How long a long-lived token lives.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 60);
/// How long a proof with a time is accepted.
const PROOF_LIFETIME_S: i64 = 300;

/// What is known about a token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// The place of the account it belongs to.
    pub(super) account: usize,
    pub(super) issued: Timestamp,
    pub(super) expires: Timestamp,
    /// The subcode it is refused with, once it is dead.
    pub(super) dead: Option<i64>,
    /// Whether it is a person's, and good for every account that the person owns: all that are watched.
    pub(super) is_persons: bool,
}

impl Token {
    /// Whether it works at `now`; if not, the error.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), GraphError> {
        match self.dead {
            Some(subcode) => Err(GraphError::token_dead(subcode)),
            None if self.expires <= now => Err(GraphError::token_dead(463)),
            None => Ok(()),
        }
    }
}

/// All tokens that were ever given out.
pub(super) struct Tokens {
    seed: u64,
    secret: String,
    given: u64,
    known: HashMap<String, Token>,
    current: HashMap<usize, String>,
}

impl Tokens {
    pub(super) fn new(seed: u64) -> Self {
        let secret = format!("{SECRET_MARK}{:016x}{:016x}", mix(&[seed, 20]), mix(&[seed, 21]));
        Self { seed, secret, given: 0, known: HashMap::new(), current: HashMap::new() }
    }

    /// The app secret.
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// Gives an account a new token; older ones go on working.
    pub(super) fn issue(&mut self, account: usize, now: Timestamp) -> String {
        self.given += 1;
        let parts = [22, 23].map(|part| mix(&[self.seed, part, account as u64, self.given]));
        let text = format!("{TOKEN_MARK}{:016x}{:016x}", parts[0], parts[1]);
        let expires = now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
        self.known
            .insert(text.clone(), Token { account, issued: now, expires, dead: None, is_persons: false });
        self.current.insert(account, text.clone());
        text
    }

    /// Gives the person who owns all watched accounts a token, known by one of them.
    pub(super) fn issue_to_person(&mut self, account: usize, now: Timestamp) -> String {
        let before = self.current.get(&account).cloned();
        let text = self.issue(account, now);
        if let Some(token) = self.known.get_mut(&text) {
            token.is_persons = true;
        }
        if let Some(before) = before {
            self.current.insert(account, before);
        }
        text
    }

    /// The latest token of an account.
    pub(super) fn current(&self, account: usize) -> Option<&str> {
        self.current.get(&account).map(String::as_str)
    }

    pub(super) fn find(&self, token: &str) -> Option<&Token> {
        self.known.get(token)
    }

    /// Kills all tokens of an account.
    pub(super) fn kill(&mut self, account: usize, subcode: i64) {
        self.known
            .values_mut()
            .filter(|token| token.account == account)
            .for_each(|token| token.dead = Some(subcode));
    }

    /// Everything that must not turn up anywhere.
    pub(super) fn all_secrets(&self) -> Vec<String> {
        self.known.keys().cloned().chain([self.secret.clone()]).collect()
    }

    /// Checks `appsecret_proof`: the form with a time (not older than five minutes) or the older one without.
    pub(super) fn check_proof(
        &self,
        token: &str,
        proof: &str,
        time: Option<&str>,
        now: Timestamp,
    ) -> Result<(), GraphError> {
        let invalid = || {
            GraphError::parameter("Invalid appsecret_proof provided in the API argument")
                .with_type("GraphMethodException")
        };
        let text = match time {
            None => token.to_owned(),
            Some(time) => {
                let seconds: i64 = time.parse().map_err(|_| invalid())?;
                if (now.as_second() - seconds).abs() > PROOF_LIFETIME_S {
                    return Err(invalid());
                }
                format!("{token}|{time}")
            }
        };
        if hmac_hex(&self.secret, text.as_bytes()) == proof { Ok(()) } else { Err(invalid()) }
    }
}

/// `hex(HMAC-SHA256(secret, bytes))`.
pub(crate) fn hmac_hex(secret: &str, bytes: &[u8]) -> String {
    // HMAC takes keys of every length, so there is no failure to handle.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mut mac| {
            mac.update(bytes);
            const_hex::encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default()
}
