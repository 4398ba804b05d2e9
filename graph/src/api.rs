//! The seam between the workers and Meta: production speaks HTTPS, tests of the workers' rules may answer
//! themselves.

use std::fmt;
use std::pin::Pin;
use std::str::FromStr;

use secrecy::SecretString;

use crate::answer::Answer;
use crate::error::GraphError;
use crate::request::Request;

/// A call under way. The error says why nothing was received; what Meta itself refused is an [`Answer`] whose
/// content is an error.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Answer, GraphError>> + Send + 'a>>;

/// Who can read the Graph API.
pub trait GraphApi: fmt::Debug + Send + Sync + 'static {
    /// Makes one read with one account's token.
    fn call<'a>(&'a self, request: &'a Request, credential: &'a Credential) -> Pending<'a>;

    /// The version asked for, such as `v25.0`.
    fn version(&self) -> &str;
}

/// Which login gave the token; it decides the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Flavour {
    /// Facebook Login: graph.facebook.com.
    #[default]
    Facebook,
    /// Instagram Login: graph.instagram.com.
    Instagram,
}

impl Flavour {
    /// The name used in `instagram_tokens.flavour`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
        }
    }
}

/// A word that names no [`Flavour`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no login flavour: use facebook or instagram")]
pub struct UnknownFlavour(String);

impl FromStr for Flavour {
    type Err = UnknownFlavour;

    fn from_str(name: &str) -> Result<Self, UnknownFlavour> {
        match name {
            "facebook" => Ok(Self::Facebook),
            "instagram" => Ok(Self::Instagram),
            _ => Err(UnknownFlavour(name.to_owned())),
        }
    }
}

/// An access token and where it is good for.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The token.
    pub token: SecretString,
    /// Its login.
    pub flavour: Flavour,
}
