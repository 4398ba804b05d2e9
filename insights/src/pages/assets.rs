//! What pages load: style sheet, scripts, icon. Part of the program; their address changes with their
//! content, so that browsers may keep them for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::problem::Problem;

const ONE_YEAR: &str = "public, max-age=31536000, immutable";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

const ASSETS: [Asset; 5] = [
    Asset {
        name: "pages.css",
        content_type: "text/css; charset=utf-8",
        content: include_bytes!("../../assets/pages.css"),
    },
    Asset { name: "pages.js", content_type: SCRIPT, content: include_bytes!("../../assets/pages.js") },
    Asset {
        name: "htmx.js",
        content_type: SCRIPT,
        content: include_bytes!("../../assets/htmx-2.0.11.min.js"),
    },
    Asset { name: "htmx-LICENSE", content_type: TEXT, content: include_bytes!("../../assets/htmx-LICENSE") },
    Asset {
        name: "icon.svg",
        content_type: "image/svg+xml",
        content: include_bytes!("../../assets/icon.svg"),
    },
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for asset in &ASSETS {
        digest.update(asset.content);
    }
    const_hex::encode(digest.finalize().get(..8).unwrap_or_default())
});

/// Where an asset is.
pub(crate) fn path(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// Serves one. Another version than this one is gone: its page was made by another program.
pub(crate) async fn asset(
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == name && version == *VERSION);
    let asset = asset.ok_or(Problem::NotFound)?;
    // Weak, because what is sent may be compressed.
    let tag = format!("W/\"{version}\"");
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|held| *held == tag);
    let common = [
        (header::CACHE_CONTROL, HeaderValue::from_static(ONE_YEAR)),
        (header::ETAG, HeaderValue::try_from(tag).map_err(|_| Problem::Internal)?),
    ];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    Ok((common, [(header::CONTENT_TYPE, asset.content_type)], asset.content).into_response())
}
