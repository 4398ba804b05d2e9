//! Where the demo's roles listen: at their usual places, unless somebody else is there.

use std::net::TcpListener;

use crate::config::Config;

const ANY: &str = "127.0.0.1:0";
/// The one place that no default tells, because each role by itself has another.
const ADMIN: &str = "127.0.0.1:9101";
/// Who listens, and the setting that says where.
const LISTENERS: [(&str, &str); 3] = [
    ("the receiver", "ingest.listen"),
    ("the read API", "serve.listen"),
    ("the admin listener", "admin.listen"),
];

/// Settings for the roles' places. A demo that ends by itself asks nobody to come by, so it takes no port
/// that somebody else may want. A place that was asked for stays, and is an error later where it is taken.
pub(super) fn choose(config: &Config, once: bool) -> Vec<(&'static str, String)> {
    if once {
        return LISTENERS.map(|(_, setting)| (setting, ANY.to_owned())).to_vec();
    }
    let unset = LISTENERS.into_iter().filter(|(_, setting)| !config.is_given(setting));
    unset
        .map(|(who, setting)| {
            let usual = config.given(setting).unwrap_or_else(|_| ADMIN.to_owned());
            (setting, free_or_any(who, usual))
        })
        .collect()
}

fn free_or_any(who: &str, usual: String) -> String {
    match TcpListener::bind(&usual) {
        Ok(_free) => usual,
        Err(error) => {
            eprintln!("{who} cannot have {usual} ({error}) and takes another port");
            ANY.to_owned()
        }
    }
}
