//! What a token must be allowed, by login, and what is missing without it.

use crate::api::Flavour;

/// A permission that a user grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// Meta's name.
    pub name: &'static str,
    /// What is lost without it.
    pub costs: &'static str,
    /// Whether something that is read every day is missing then; else it is the set-up that wants it.
    pub is_for_reads: bool,
}

const fn reads(name: &'static str, costs: &'static str) -> Permission {
    Permission { name, costs, is_for_reads: true }
}

const fn sets_up(name: &'static str, costs: &'static str) -> Permission {
    Permission { name, costs, is_for_reads: false }
}

const NOTHING: &str = "nothing of the account can be read: profile, media, stories";
const NO_COMMENTS: &str = "no comments: neither webhooks nor reads";
const NO_FIGURES: &str = "no figures of media, stories and the account";

const FACEBOOK: [Permission; 6] = [
    reads("instagram_basic", NOTHING),
    reads("instagram_manage_comments", NO_COMMENTS),
    reads("instagram_manage_insights", NO_FIGURES),
    sets_up("pages_manage_metadata", "webhooks cannot be subscribed for the account"),
    sets_up("pages_read_engagement", "the account's page cannot be read"),
    sets_up("pages_show_list", "the accounts of a login cannot be listed"),
];

const INSTAGRAM: [Permission; 3] = [
    reads("instagram_business_basic", NOTHING),
    reads("instagram_business_manage_comments", NO_COMMENTS),
    reads("instagram_business_manage_insights", NO_FIGURES),
];

/// Everything that a token of this login needs.
pub const fn needed(flavour: Flavour) -> &'static [Permission] {
    match flavour {
        Flavour::Facebook => &FACEBOOK,
        Flavour::Instagram => &INSTAGRAM,
    }
}

/// What is missing among the scopes that a token has.
pub fn missing(flavour: Flavour, scopes: &[String]) -> Vec<Permission> {
    needed(flavour)
        .iter()
        .copied()
        .filter(|needed| !scopes.iter().any(|scope| scope == needed.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_follows_the_login() {
        let scopes = ["instagram_basic", "instagram_manage_insights"].map(str::to_owned);
        let names = |flavour| missing(flavour, &scopes).iter().map(|each| each.name).collect::<Vec<_>>();
        assert_eq!(
            names(Flavour::Facebook),
            [
                "instagram_manage_comments",
                "pages_manage_metadata",
                "pages_read_engagement",
                "pages_show_list"
            ]
        );
        assert_eq!(names(Flavour::Instagram).len(), 3);
    }
}
