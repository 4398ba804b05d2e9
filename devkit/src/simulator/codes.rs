//! Codes of the login dialogs: given once, redeemed once.

use std::collections::HashMap;

use super::request::Login;

/// What a code is good for.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) login: Login,
    pub(super) redirect_uri: String,
}

/// Codes that were given and not redeemed.
#[derive(Debug, Default)]
pub(super) struct Codes {
    given: u64,
    open: HashMap<String, Grant>,
}

impl Codes {
    pub(super) fn give(&mut self, grant: Grant) -> String {
        self.given += 1;
        let code = format!("SIMCODE-{}", self.given);
        self.open.insert(code.clone(), grant);
        code
    }

    pub(super) fn take(&mut self, code: &str) -> Option<Grant> {
        self.open.remove(code)
    }
}
