//! One bad metric fails the whole call. This finds it, by Meta's words or by halving. How long that is
//! remembered, the caller decides.

/// Which of the metrics asked for a refusal names as bad. Empty when it names none, or all of them: then
/// nothing is known.
///
/// Meta writes `metric[2] must be one of the following values: <the good ones>`, `Incompatible metrics (a,
/// b)`, `the a metric`. Metric names are everyday words (`views`, `follows`), so a bare word in a sentence
/// names nothing.
pub fn named(message: &str, asked: &[&'static str]) -> Vec<&'static str> {
    let accusation = message.split("must be one of").next().unwrap_or_default().to_ascii_lowercase();
    let by_place = |(place, _): &(usize, &&str)| accusation.contains(&format!("metric[{place}]"));
    let mut bad: Vec<_> = asked.iter().enumerate().filter(by_place).map(|(_, name)| *name).collect();
    if bad.is_empty() {
        bad = asked.iter().copied().filter(|name| is_pointed_at(&accusation, name)).collect();
    }
    if bad.len() == asked.len() && asked.len() > 1 { Vec::new() } else { bad }
}

/// The calls to make instead of a refused one: all but the named metrics, else two halves. Empty when a
/// single metric was asked: that one is the bad one.
pub fn instead(asked: &[&'static str], named: &[&'static str]) -> Vec<Vec<&'static str>> {
    let rest: Vec<_> = asked.iter().copied().filter(|name| !named.contains(name)).collect();
    match rest.len() {
        0 => Vec::new(),
        left if left < asked.len() => vec![rest],
        1 => Vec::new(),
        left => vec![rest[..left / 2].to_vec(), rest[left / 2..].to_vec()],
    }
}

/// Whether the name stands beside the word "metric", or in a list in brackets or quotes.
fn is_pointed_at(message: &str, name: &str) -> bool {
    let words: Vec<&str> =
        message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let beside =
        |pair: &[&str]| pair == [name, "metric"] || pair == [name, "metrics"] || pair == ["metric", name];
    words.windows(2).any(beside) || lists(message).any(|list| list.contains(&name))
}

/// What stands between brackets or quotes, where it is one word or several with commas.
fn lists(message: &str) -> impl Iterator<Item = Vec<&str>> {
    let inside = message.split(['(', ')', '[', ']', '{', '}', '"', '\'', '`']).skip(1);
    let is_list = |part: &&str| part.contains(',') || part.split_whitespace().count() == 1;
    inside.filter(is_list).map(|part| part.split(',').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const ASKED: [&str; 4] = ["reach", "views", "follows", "impressions"];

    #[test]
    fn the_bad_metric_is_read_from_metas_words() {
        for (message, bad) in [
            (
                "(#100) metric[3] must be one of the following values: reach, views, follows",
                vec!["impressions"],
            ),
            (
                "(#100) Incompatible metrics (impressions) with the product type of the media",
                vec!["impressions"],
            ),
            (
                "(#100) Incompatible metrics (follows, impressions) for this media",
                vec!["follows", "impressions"],
            ),
            (
                "(#100) The impressions metric is no longer supported for the queried media",
                vec!["impressions"],
            ),
            ("(#100) The value `follows` cannot be used", vec!["follows"]),
            (
                "(#100) 'impressions' must be one of the following values: 'reach', 'views'",
                vec!["impressions"],
            ),
            ("(#100) Unsupported metric: follows", vec!["follows"]),
            ("(#100) The metric 'follows' is unknown", vec!["follows"]),
            ("(#100) This media follows no rule and has no views to speak of", vec![]),
            ("(#100) Incompatible metrics (reach, views, follows, impressions)", vec![]),
            ("(#100) Invalid parameter", vec![]),
        ] {
            assert_eq!(named(message, &ASKED), bad, "{message}");
        }
    }

    #[test]
    fn a_refused_call_is_replaced_by_smaller_ones() {
        assert_eq!(instead(&ASKED, &["views"]), [["reach", "follows", "impressions"]]);
        assert_eq!(instead(&ASKED, &[]), [["reach", "views"], ["follows", "impressions"]]);
        assert!(instead(&["reach"], &[]).is_empty());
        assert!(instead(&["reach"], &["reach"]).is_empty());
    }

    proptest! {
        #[test]
        fn halving_ends_at_exactly_the_bad_metrics(bad in prop::collection::btree_set(0usize..4, 0..4)) {
            let is_bad = |name: &str| bad.iter().any(|at| ASKED[*at] == name);
            let (mut good, mut found, mut calls) = (BTreeSet::new(), BTreeSet::new(), vec![ASKED.to_vec()]);
            while let Some(asked) = calls.pop() {
                if asked.iter().any(|name| is_bad(name)) {
                    let next = instead(&asked, &[]);
                    if next.is_empty() { found.insert(asked[0]); }
                    calls.extend(next);
                } else {
                    good.extend(asked);
                }
            }
            prop_assert_eq!(found.len(), bad.len());
            prop_assert!(found.iter().all(|name| is_bad(name)) && good.iter().all(|name| !is_bad(name)));
        }

        #[test]
        fn no_message_makes_the_reader_panic(message in any::<String>(), glue in "[ (),'\"a-z\\[\\]0-9]{0,30}") {
            named(&message, &ASKED);
            named(&format!("{glue}views{message}follows{glue}"), &ASKED);
        }
    }
}
