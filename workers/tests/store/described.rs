//! What the worker exposes is what it describes.

use std::collections::BTreeSet;
use std::path::Path;

use crate::source::sources;

/// The names in the first argument of metric macros: a literal, or a constant of the same file.
fn named(source: &str, macros: &[&str]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for each in macros {
        for (place, _) in source.match_indices(each) {
            if source[..place].ends_with("describe_") {
                // Found under its longer name.
                continue;
            }
            let rest = source[place + each.len()..].trim_start();
            let first = rest.split([',', ')']).next().unwrap_or_default().trim();
            let constant = || source.split_once(&format!("const {first}: &str = ")).map(|(_, value)| value);
            let literal = if first.starts_with('"') { Some(rest) } else { constant() };
            let name = literal.and_then(|text| text.strip_prefix('"')?.split_once('"'));
            names.extend(name.map(|(name, _)| name.to_owned()));
        }
    }
    names
}

#[test]
fn every_metric_of_the_worker_is_described_and_nothing_else_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut exposed, mut described) = (BTreeSet::new(), BTreeSet::new());
    for file in sources(&folder) {
        let text = std::fs::read_to_string(file).unwrap();
        exposed.extend(named(&text, &["counter!(", "gauge!(", "histogram!("]));
        described.extend(named(&text, &["describe_counter!(", "describe_gauge!(", "describe_histogram!("]));
    }
    assert!(exposed.len() > 10, "{exposed:?}");
    assert_eq!(exposed, described);
    assert!(exposed.iter().all(|name| name.starts_with("cekbrand_worker_")), "{exposed:?}");
}

#[test]
fn names_are_found_with_and_without_a_description() {
    let source = "const C: &str = \"c\"; metrics::counter!(C); metrics::counter!(\"a\", \"lane\" => lane);
        describe_counter!(\n    \"b\", \"B\");";
    assert_eq!(named(source, &["counter!("]), BTreeSet::from(["a".to_owned(), "c".to_owned()]));
    assert_eq!(named(source, &["describe_counter!("]), BTreeSet::from(["b".to_owned()]));
}
