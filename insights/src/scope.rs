//! What a key may see: accounts, and media of these. To all others there is no such thing, whether it exists
//! or not.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::{Extension, RequestPartsExt};
use serde::Deserialize;

use crate::api::Api;
use crate::problem::Problem;
use crate::query::account;
pub(crate) use crate::query::account::Watched;

/// The accounts that a key may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them, and the pipeline.
    All,
    /// These.
    Accounts(Vec<String>),
}

impl Scope {
    /// The scope of a stored list, where none means all.
    pub fn of(accounts: Option<Vec<String>>) -> Self {
        accounts.map_or(Self::All, Self::Accounts)
    }

    /// Whether an account may be seen.
    pub fn allows(&self, account_id: &str) -> bool {
        self.accounts().is_none_or(|accounts| accounts.iter().any(|id| id == account_id))
    }

    /// The accounts, as statements take them; `None` means all.
    pub fn accounts(&self) -> Option<&[String]> {
        match self {
            Self::All => None,
            Self::Accounts(accounts) => Some(accounts),
        }
    }
}

/// Who asks, once the key is checked.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key's public part.
    pub key_id: String,
    /// What it may see.
    pub scope: Scope,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let caller = parts.extract::<Extension<Self>>().await.map_err(|_| Problem::Unauthorized)?;
        Ok(caller.0)
    }
}

#[derive(Deserialize)]
struct InPath {
    account_id: String,
}

impl FromRequestParts<Api> for Watched {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let Path(path) = parts.extract::<Path<InPath>>().await.map_err(|_| Problem::UnknownAccount)?;
        if !is_id(&path.account_id) || !caller.scope.allows(&path.account_id) {
            return Err(Problem::UnknownAccount);
        }
        let found = account::find(&api.pool, &path.account_id, api.clock.now()).await?;
        found.ok_or(Problem::UnknownAccount)
    }
}

/// Far longer than any id that Meta has given out.
const MAX_ID_LEN: usize = 100;

/// Whether a text is formed like an id.
pub(crate) fn is_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':');
    (1..=MAX_ID_LEN).contains(&text.len()) && text.bytes().all(allowed)
}
