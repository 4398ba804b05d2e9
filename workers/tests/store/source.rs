//! What the source says: files, and the string literals in them.

use std::path::{Path, PathBuf};

/// All files of Rust or SQL below a folder.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "sql") {
            found.push(path);
        }
    }
    found
}

/// The string literals of Rust source, raw ones included, comments left out.
pub(crate) fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(place) = rest.find(['"', '/', '\'', 'r']) {
        let before = rest[..place].chars().next_back();
        rest = &rest[place..];
        let is_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest = rest[1..].split_once('\'').map_or("", |(_, after)| after);
        } else if rest.starts_with('r') && !is_word && rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let (literal, after) = rest[2 + hashes..].split_once(end.as_str()).unwrap_or_default();
            found.push(literal.to_owned());
            rest = after;
        } else if rest.starts_with('"') {
            let mut escaped = false;
            let end = rest[1..].find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = end.unwrap_or(rest.len() - 2);
            found.push(rest[1..=end].to_owned());
            rest = &rest[end + 2..];
        } else {
            rest = &rest[1..];
        }
    }
    found
}
