//! A typed client for the Instagram Graph API. It knows HTTP and Meta's ways, and nothing of queues or
//! tables.
//!
//! ```text
//!  Request ──http──▶ Graph API ──▶ Answer { status, body, usage, content }
//!  (path, query,                     │          │      │        │
//!   fetch id)                     recorded   recorded  budget   ├─▶ node: UserNode, MediaNode, CommentNode
//!                                                               ├─▶ insight: figures of a medium
//!                                                               └─▶ GraphError ─disposition─▶ what to do
//! ```
//!
//! In reading order:
//! - [`settings`]: hosts, version, time-outs, the app's secret.
//! - [`request`]: one read, described without its token.
//! - [`api`]: the trait [`GraphApi`]; [`http`] is its implementation over HTTPS, [`proof`] signs its calls.
//! - [`answer`]: what came back; [`usage`] reads its rate limit headers, [`paging`] makes its body fit to be
//!   kept.
//! - [`error`]: why a read gave nothing, classified by Meta's codes; [`envelope`] reads Meta's error objects.
//! - [`node`], [`insight`], [`page`], [`discovery`]: what the answer says, typed; [`json`] is the lenient
//!   reading underneath.
//! - [`refusal`]: finding the one metric that spoils a call.
//! - [`management`]: no reads: tokens, accounts, webhook subscriptions.
//!
//! Invariants: a token that reads travels in the `Authorization` header only, so no URL of a read holds one;
//! what an [`Answer`] or a [`GraphError`] shows holds neither token nor proof nor secret; redirects and
//! `paging.next` are never followed.
//!
//! Left out on purpose: reading several objects in one call by `ids=`. Meta counts each id as a call, so it
//! saves round trips and no quota, and one object that is refused would take the others' answers along.

pub mod answer;
pub mod api;
pub mod discovery;
pub mod envelope;
pub mod error;
pub mod http;
pub mod insight;
pub mod json;
pub mod management;
pub mod node;
pub mod page;
pub mod paging;
pub mod proof;
pub mod refusal;
pub mod request;
pub mod settings;
pub mod usage;

#[cfg(test)]
mod shapes;

pub use answer::Answer;
pub use api::{Credential, Flavour, GraphApi, Pending};
pub use error::{Disposition, GraphError, Scope};
pub use http::HttpGraphApi;
pub use management::Management;
pub use page::Page;
pub use request::Request;
pub use settings::Settings;
pub use usage::Usage;
