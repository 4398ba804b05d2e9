//! What reads told, written many at once. What is about the same thing stays in its order: the first round
//! holds what nothing before it is concerned with, the next what waits for the first, and so on. Of one round
//! each kind is one set of statements.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::comment::Page;
use super::{Mark, Reading, Told, child, comment, competitor, media, user};

/// Writes what was told. Says what analytics must look at again.
pub(super) async fn write(
    conn: &mut PgConnection,
    told: &[Told],
    mends: bool,
) -> Result<Vec<Mark>, sqlx::Error> {
    let mut marks = Vec::new();
    for round in rounds(told) {
        marks.extend(write_round(conn, &round, mends).await?);
    }
    Ok(marks)
}

async fn write_round(
    conn: &mut PgConnection,
    round: &[&Told],
    mends: bool,
) -> Result<Vec<Mark>, sqlx::Error> {
    let (mut media, mut children, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    let mut single: Vec<(Page, &Reading)> = Vec::new();
    let mut marks = Vec::new();
    for told in round {
        match told {
            Told::User(node, reading) => {
                marks.extend(user::write(conn, node, reading, user::Seen::ByItself).await?);
            }
            Told::Problem(problem, reading) => user::note_problem(conn, *problem, reading).await?,
            Told::Competitor(found, reading) => marks.extend(competitor::write(conn, found, reading).await?),
            Told::CompetitorGone(id, reading) => {
                marks.extend(competitor::note_gone(conn, id, reading).await?);
            }
            Told::Media(node, reading) => media.push((&**node, reading)),
            Told::Child(child, reading) => children.push((&**child, reading)),
            Told::MediaGone(gone, reading) => marks.extend(media::note_gone(conn, gone, reading).await?),
            Told::Comment(node, reading) => single.push((Page::of((**node).clone()), reading)),
            Told::Comments(page, reading) => pages.push((&**page, reading)),
            Told::CommentGone(id, reading) => marks.extend(comment::note_gone(conn, id, reading).await?),
        }
    }
    marks.extend(media::write(conn, &media).await?);
    child::write(conn, &children).await?;
    pages.extend(single.iter().map(|(page, reading)| (page, *reading)));
    marks.extend(comment::write(conn, &pages, mends).await?);
    Ok(marks)
}

/// Something that is written or looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Thing<'a> {
    Account(&'a str),
    Medium(&'a str),
    Comment(&'a str),
}

/// What one telling is concerned with.
#[derive(Debug, Default)]
struct Concern<'a> {
    writes: Vec<Thing<'a>>,
    looks_at: Vec<Thing<'a>>,
}

/// The round after those in which a thing was last written, and last looked at.
#[derive(Debug, Clone, Copy, Default)]
struct Free {
    to_look: usize,
    to_write: usize,
}

fn rounds(told: &[Told]) -> Vec<Vec<&Told>> {
    let mut rounds: Vec<Vec<&Told>> = Vec::new();
    let mut free: HashMap<Thing<'_>, Free> = HashMap::new();
    for told in told {
        let concern = concern(told);
        let at = |thing: &Thing<'_>| free.get(thing).copied().unwrap_or_default();
        let writes = concern.writes.iter().map(|thing| at(thing).to_write);
        let looks = concern.looks_at.iter().map(|thing| at(thing).to_look);
        let round = writes.chain(looks).max().unwrap_or(0);
        for thing in concern.writes {
            free.insert(thing, Free { to_look: round + 1, to_write: round + 1 });
        }
        for thing in concern.looks_at {
            let free = free.entry(thing).or_default();
            free.to_write = free.to_write.max(round + 1);
        }
        if rounds.len() <= round {
            rounds.resize_with(round + 1, Vec::new);
        }
        rounds[round].push(told);
    }
    rounds
}

fn concern(told: &Told) -> Concern<'_> {
    let of = |writes: Vec<_>, looks_at: Vec<_>| Concern { writes, looks_at };
    match told {
        Told::User(node, _) => of(vec![Thing::Account(&node.id)], Vec::new()),
        Told::Problem(_, reading) => of(vec![Thing::Account(&reading.account_id)], Vec::new()),
        Told::Competitor(found, reading) => {
            let media = found.media.iter().map(|node| Thing::Medium(&node.id));
            let writes = media.chain([Thing::Account(&found.id)]).collect();
            of(writes, vec![Thing::Account(&reading.account_id)])
        }
        Told::CompetitorGone(id, _) => of(vec![Thing::Account(id)], Vec::new()),
        Told::Media(node, reading) => {
            of(vec![Thing::Medium(&node.id)], vec![Thing::Account(&reading.account_id)])
        }
        Told::Child(child, _) => of(vec![Thing::Medium(&child.node.id)], Vec::new()),
        Told::MediaGone(gone, _) => of(vec![Thing::Medium(&gone.media_id)], Vec::new()),
        Told::Comment(node, _) => {
            let media = node.media_id.iter().map(|id| Thing::Medium(id)).collect();
            of(vec![Thing::Comment(&node.id)], media)
        }
        Told::Comments(page, _) => {
            let media = page.comments.iter().filter_map(|node| node.media_id.as_deref().map(Thing::Medium));
            of(page.comments.iter().map(|node| Thing::Comment(&node.id)).collect(), media.collect())
        }
        Told::CommentGone(id, _) => of(vec![Thing::Comment(id)], Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use cekbrand_graph::node::{CommentNode, MediaNode};

    fn reading() -> Reading {
        Reading { account_id: "1".to_owned(), observed_at: Timestamp::UNIX_EPOCH }
    }

    fn medium(id: &str) -> Told {
        Told::Media(Box::new(MediaNode::read(&json!({ "id": id })).unwrap()), reading())
    }

    fn comment(id: &str, media_id: &str) -> Told {
        let node = CommentNode::read(&json!({ "id": id, "media": { "id": media_id } })).unwrap();
        Told::Comment(Box::new(node), reading())
    }

    fn problem() -> Told {
        Told::Problem(user::Problem::Access, reading())
    }

    #[test]
    fn what_is_about_different_things_is_one_round() {
        let told = [medium("1"), medium("2"), comment("7", "3"), comment("8", "3")];
        assert_eq!(rounds(&told), [told.iter().collect::<Vec<_>>()]);
    }

    #[test]
    fn what_is_about_one_thing_stays_in_its_order() {
        let told = [comment("7", "1"), medium("1"), medium("2"), comment("7", "1"), problem(), medium("2")];
        let of = |places: &[usize]| places.iter().map(|place| &told[*place]).collect::<Vec<_>>();
        assert_eq!(rounds(&told), [of(&[0, 2]), of(&[1]), of(&[3, 4]), of(&[5])]);
    }

    proptest! {
        #[test]
        fn no_telling_passes_another_that_is_about_the_same_thing(ids in prop::collection::vec((0..3u8, 0..4u8), 0..40)) {
            let telling = |(kind, id): &(u8, u8)| match kind {
                0 => medium(&id.to_string()),
                1 => comment(&id.to_string(), &(id % 2).to_string()),
                _ => problem(),
            };
            let told: Vec<Told> = ids.iter().map(telling).collect();
            let rounds = rounds(&told);
            prop_assert_eq!(rounds.iter().map(Vec::len).sum::<usize>(), told.len());
            let place = |wanted: &Told| rounds.iter().position(|round| round.iter().any(|told| std::ptr::eq(*told, wanted)));
            for (at, later) in told.iter().enumerate() {
                for earlier in &told[..at] {
                    let (one, other) = (concern(earlier), concern(later));
                    let meet = |some: &[Thing<'_>], more: &[Thing<'_>]| some.iter().any(|thing| more.contains(thing));
                    let conflict = meet(&one.writes, &other.writes) || meet(&one.writes, &other.looks_at)
                        || meet(&one.looks_at, &other.writes);
                    prop_assert!(!conflict || place(earlier) < place(later));
                }
            }
        }
    }
}
