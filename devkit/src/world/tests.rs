//! The world is the same for the same seed, and its parts agree with each other.

use super::*;

fn world(seed: u64) -> World {
    World::new(WorldConfig::new(seed, "2026-11-20T08:00:00Z".parse().unwrap()))
}

#[test]
fn a_seed_fixes_the_world() {
    assert_eq!(format!("{:?}", world(1).media()), format!("{:?}", world(1).media()));
    assert_ne!(format!("{:?}", world(1).media()), format!("{:?}", world(2).media()));
}

#[test]
fn every_kind_of_medium_is_there() {
    let world = world(1);
    for product in [Product::Feed, Product::Reels, Product::Story, Product::Ad, Product::Live] {
        assert!(world.media().iter().any(|medium| medium.product == product), "{product:?}");
    }
    let albums: Vec<_> =
        world.media().iter().filter(|medium| medium.media_type == "CAROUSEL_ALBUM").collect();
    assert!(albums.iter().all(|album| album.children.len() >= 2));
    assert!(world.watched().last().unwrap().followers < 100);
}

#[test]
fn ids_lead_back_to_what_they_name() {
    let world = world(1);
    for medium in world.media() {
        assert!(
            matches!(world.find(medium.id.as_str()), Some(Thing::Medium(found)) if found.index == medium.index)
        );
        for number in (0..medium.comments()).filter(|_| medium.parent.is_none()).take(20) {
            let comment = world.comment(World::comment_id(medium, number).as_str()).unwrap();
            assert_eq!((comment.medium, comment.number), (medium.index, number));
        }
        assert!(world.comment(World::comment_id(medium, medium.comments()).as_str()).is_none());
    }
}

#[test]
fn top_level_comments_and_replies_make_up_all_comments() {
    let world = world(1);
    for medium in world.media().iter().filter(|medium| medium.product != Product::Ad) {
        let top = World::top_level(medium, None).count() as u64;
        let replies: usize =
            World::top_level(medium, None).map(|number| World::replies(medium, number).count()).sum();
        assert_eq!(top + replies as u64, medium.comments());
    }
}

#[test]
fn an_arriving_comment_counts_at_once_and_is_the_newest() {
    let world = world(1);
    let medium = world.media_of(&world.accounts()[0], |medium| medium.past_comments > 0).next().unwrap();
    let before = medium.comments();
    let comment = world.add_comment(medium);
    assert_eq!(medium.comments(), before + 1);
    assert_eq!(world.comment(comment.id.as_str()), Some(comment.clone()));
    assert!(comment.written > world.comment_under(medium, before - 1).written);
}

#[test]
fn figures_only_grow() {
    let world = world(1);
    let medium = &world.media()[0];
    let hours = |hours| medium.published.checked_add(SignedDuration::from_hours(hours)).unwrap();
    let reach: Vec<u64> = (0..100).map(|hour| world.figures(medium, hours(hour)).reach).collect();
    assert!(reach.is_sorted());
    assert_eq!(world.figures(medium, hours(9)), world.figures(medium, hours(9)));
}
