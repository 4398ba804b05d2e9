//! Lists: an account's media, stories, live videos and tags.

use cekbrand_devkit::simulator::{CallKind, Effect, Fault};
use cekbrand_devkit::world::{Medium, Product};
use cekbrand_workers::reads::{self, Kind};
use cekbrand_workers::tasks::TaskLane;

use super::Bench;

/// What Meta answers when an answer would be too large.
fn too_much() -> Effect {
    Effect::Error {
        code: 1,
        subcode: None,
        message: Some("Please reduce the amount of data you're asking for, then retry".to_owned()),
        status: Some(500),
        is_transient: None,
    }
}

impl Bench {
    async fn want_list(&self, kind: Kind) {
        let account = self.account(0).id.to_string();
        self.want_in(kind, &account, 0, TaskLane::Daily).await;
        self.settle().await;
    }

    /// The posts and reels of the first account that can be read now, by the world's own books.
    fn posts(&self) -> Vec<&Medium> {
        let both = [Product::Feed, Product::Reels];
        both.into_iter().flat_map(|product| self.media(0, product)).collect()
    }

    /// `(id, owner, album)` of every medium, by id.
    async fn media_rows(&self) -> Vec<(String, Option<String>, Option<String>)> {
        let sql = "SELECT id, user_id, parent_id FROM instagram.media ORDER BY id";
        sqlx::query_as(sql).fetch_all(&self.pool()).await.unwrap()
    }

    /// The rows that a whole list has to leave: each post, and each child below its album.
    fn expected(&self, posts: &[&Medium]) -> Vec<(String, Option<String>, Option<String>)> {
        let owner = Some(self.account(0).id.to_string());
        let mut rows = Vec::new();
        for post in posts {
            rows.push((post.id.to_string(), owner.clone(), None));
            for child in &post.children {
                let child = &self.simulator.world().media()[*child];
                rows.push((child.id.to_string(), owner.clone(), Some(post.id.to_string())));
            }
        }
        rows.sort();
        rows
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_tells_of_all_media_their_children_and_their_counts() {
    let bench = Bench::new().await;
    bench.want_list(reads::kind::USER_MEDIA).await;
    let posts = bench.posts();
    assert_eq!(bench.media_rows().await, bench.expected(&posts));
    assert_eq!((bench.calls(CallKind::UserMedia), bench.calls(CallKind::MediaChildren)), (1, 0));
    let count = i64::try_from(posts.len()).unwrap();
    let figures = "SELECT count(*) FROM pipeline.enrichment_task WHERE kind = 'media_insights' AND last_answer = 'answered'";
    assert_eq!(bench.number(figures).await, count, "each new medium has its figures read");
    let counts = "SELECT count(*) FROM instagram.media_like_comment";
    assert_eq!(bench.number(counts).await, count, "a child has no counts of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_read_page_by_page_and_a_refused_expansion_costs_no_child() {
    let bench = Bench::new().await;
    bench.simulator.add_fault(Fault::new(too_much()).for_kind(CallKind::UserMedia).times(3));
    bench.want_list(reads::kind::USER_MEDIA).await;
    let posts = bench.posts();
    assert!(posts.len() > 25, "the smaller page must not hold them all");
    assert_eq!(bench.media_rows().await, bench.expected(&posts));
    assert_eq!(
        bench.calls(CallKind::UserMedia),
        5,
        "refused with comments, with figures, and by itself; a small page, and the rest"
    );
    let pages = "SELECT count(*) FROM pipeline.enrichment_task WHERE kind = 'user_media' AND cursor <> ''";
    assert_eq!(bench.number(pages).await, 1, "a page is a task of its own");
    let mut newest: Vec<_> = posts.clone();
    newest.sort_by_key(|post| std::cmp::Reverse(post.published));
    let albums = newest[..25].iter().filter(|post| !post.children.is_empty()).count();
    assert_eq!(bench.calls(CallKind::MediaChildren), albums);
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_live_videos_and_tags_are_listed() {
    let bench = Bench::new().await;
    for kind in [reads::kind::LIVE_MEDIA, reads::kind::USER_TAGS] {
        bench.want_list(kind).await;
    }
    let live = bench.media(0, Product::Live).count();
    let tagged: Vec<_> = {
        let world = bench.simulator.world();
        let of_others =
            world.media().iter().filter(|medium| !world.owner(medium).watched && medium.parent.is_none());
        of_others.filter(|medium| medium.index % world.watched().len() == 0).collect()
    };
    let rows = bench.media_rows().await;
    assert!(live > 0 && !tagged.is_empty());
    assert_eq!(rows.iter().filter(|(_, owner, _)| owner.is_some()).count(), live);
    let mut others: Vec<_> = rows.iter().filter(|row| row.1.is_none()).map(|row| row.0.clone()).collect();
    let mut expected: Vec<_> = tagged.iter().map(|medium| medium.id.to_string()).collect();
    others.sort();
    expected.sort();
    assert_eq!(others, expected, "whose they are, nobody told");

    bench.want_list(reads::kind::USER_STORIES).await;
    let stories =
        "SELECT count(*) FROM instagram.media WHERE media_product_type = 'STORY' AND user_id IS NOT NULL";
    assert_eq!(bench.number(stories).await, i64::try_from(bench.media(0, Product::Story).count()).unwrap());
}
