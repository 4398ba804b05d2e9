//! What refusals and failures lead to.

use std::time::Duration;

use cekbrand_devkit::simulator::{CallKind, Effect, Fault};
use cekbrand_devkit::world::{Medium, Product};
use cekbrand_schema::Clock;
use cekbrand_workers::reads;
use cekbrand_workers::tasks::{self, TaskLane};
use cekbrand_workers::token;
use cekbrand_workers::token::seal::Column;
use jiff::SignedDuration;

use super::{Bench, done, keys, parked};

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_metric_costs_its_medium_one_call_and_others_nothing_once_three_were_refused() {
    let bench = Bench::new().await;
    bench.simulator.add_fault(Fault::new(Effect::UnsupportedMetric).for_metric("reposts"));
    let media: Vec<_> =
        bench.media(0, Product::Feed).filter(|medium| medium.parent.is_none()).take(4).collect();
    for (place, medium) in media.iter().enumerate() {
        bench.want_medium(medium, 0).await;
        bench.settle().await;
        assert_eq!(bench.calls(CallKind::MediaInsights), [2, 4, 6, 7][place]);
        let figures = bench.figures(medium).await;
        let absent: Vec<_> = figures.iter().filter(|(_, value, _)| value.is_none()).collect();
        let unsupported = ("reposts".to_owned(), None, Some("unsupported".to_owned()));
        if place < 3 {
            assert_eq!((figures.len(), absent), (10, vec![&unsupported]));
        } else {
            assert_eq!((figures.len(), absent), (9, Vec::new()), "what was not asked is not absent");
        }
        assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, medium.id.as_str()).await, done());
    }
    // The medium's own refusal is remembered by its row, whichever worker comes next.
    bench.advance(Duration::from_mins(61));
    bench.want(reads::kind::MEDIA_INSIGHTS, media[0].id.as_str(), 0).await;
    while bench.another_worker().tick().await.unwrap() > 0 {}
    assert_eq!(bench.calls(CallKind::MediaInsights), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_that_one_medium_was_refused_is_asked_of_the_next() {
    let bench = Bench::new().await;
    let mut media = bench.media(0, Product::Feed).filter(|medium| medium.parent.is_none());
    let (odd, good) = (media.next().unwrap(), media.next().unwrap());
    let fault = Fault::new(Effect::UnsupportedMetric).for_metric("views").for_target(odd.id.as_str());
    bench.simulator.add_fault(fault);
    bench.want_medium(odd, 0).await;
    bench.settle().await;
    bench.want_medium(good, 0).await;
    bench.settle().await;
    assert_eq!(bench.absences(odd).await, ["unsupported"]);
    assert!(bench.absences(good).await.is_empty());
    assert_eq!(bench.figures(good).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_medium_whose_metrics_are_all_refused_spoils_none_for_others() {
    let bench = Bench::new().await;
    let mut media = bench.media(0, Product::Feed);
    let (odd, good) = (media.next().unwrap(), media.next().unwrap());
    let refused = Effect::Error {
        code: 100,
        subcode: None,
        message: Some("(#100) Invalid parameter".to_owned()),
        status: None,
        is_transient: None,
    };
    let fault = Fault::new(refused).for_target(odd.id.as_str()).for_kind(CallKind::MediaInsights);
    bench.simulator.add_fault(fault);
    bench.want_medium(odd, 0).await;
    bench.settle().await;
    assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, odd.id.as_str()).await, parked("unsupported"));
    bench.want_medium(good, 0).await;
    bench.settle().await;
    assert!(bench.absences(good).await.is_empty());
}

/// Works until something that seems gone is believed to be.
async fn wait_for_belief(bench: &Bench) {
    for _ in 0..8 {
        bench.settle().await;
        bench.advance(Duration::from_mins(30));
    }
    bench.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_medium_is_believed_after_an_hour_and_hardly_asked_for_again() {
    let bench = Bench::new().await;
    let deleted = "SELECT count(*) FROM instagram.media WHERE deleted_at IS NOT NULL";
    let medium = bench.medium(0, Product::Feed);
    bench.simulator.delete(medium.id.as_str());
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!(bench.state(reads::kind::MEDIA, medium.id.as_str()).await, parked("backoff"));
    bench.advance(Duration::from_mins(59));
    bench.settle().await;
    assert_eq!(bench.number(deleted).await, 0, "it may be a wave that passes");
    wait_for_belief(&bench).await;
    assert_eq!(bench.number(deleted).await, 1);
    assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, medium.id.as_str()).await, done());
    let cost = bench.simulator.total_cost();
    for (hours, more) in [(24, 1), (24 * 6, 2), (24 * 30, 2)] {
        bench.advance(Duration::from_hours(hours));
        bench.settle().await;
        assert_eq!(bench.simulator.total_cost(), cost + more, "once more after a day and a week");
    }
    assert_eq!(bench.state(reads::kind::MEDIA, medium.id.as_str()).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_wrongly_believed_gone_comes_back_by_itself() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    let fault = bench.simulator.add_fault(Fault::new(Effect::Gone).for_target(medium.id.as_str()));
    bench.want_medium(medium, 0).await;
    wait_for_belief(&bench).await;
    assert!(bench.figures(medium).await.is_empty());
    bench.simulator.remove_fault(fault);
    bench.advance(Duration::from_hours(24));
    bench.settle().await;
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE deleted_at IS NOT NULL").await, 0);
    assert_eq!(bench.figures(medium).await.len(), 10, "its figures as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_account_id_is_shown_as_invalid_after_a_few_calls() {
    let bench = Bench::new().await;
    let account = bench.account(0).id.as_str();
    bench.want_in(reads::kind::USER, account, 0, TaskLane::Daily).await;
    bench.settle().await;
    let wrong = Effect::Error {
        code: 803,
        subcode: None,
        message: Some("(#803) Some of the aliases you requested do not exist".to_owned()),
        status: Some(404),
        is_transient: None,
    };
    bench.simulator.add_fault(Fault::new(wrong).for_kind(CallKind::User));
    bench.advance(Duration::from_hours(25));
    bench.want_in(reads::kind::USER, account, 0, TaskLane::Daily).await;
    for _ in 0..10 {
        bench.settle().await;
        bench.advance(Duration::from_hours(1));
    }
    assert_eq!(bench.calls(CallKind::User), 5, "one before, four that were refused");
    let noted = r#"SELECT count(*) FROM instagram."user" WHERE has_problems AND NOT is_userid_valid"#;
    assert_eq!(bench.number(noted).await, 1);
    let (state, _, _, why) = bench.task(reads::kind::USER, account).await;
    assert_eq!(state, "done");
    assert!(why.unwrap().contains("803"), "the reason is shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_believed_gone_is_read_again_when_it_is_heard_of() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    let fault = bench.simulator.add_fault(Fault::new(Effect::Gone).for_target(medium.id.as_str()));
    bench.want_medium(medium, 0).await;
    wait_for_belief(&bench).await;
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE deleted_at IS NOT NULL").await, 1);
    bench.simulator.remove_fault(fault);
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE deleted_at IS NOT NULL").await, 0);
    assert_eq!(bench.figures(medium).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_story_is_lost_not_deleted() {
    let bench = Bench::new().await;
    let now = bench.simulator.now();
    let gone = |medium: &Medium| medium.product == Product::Story && !medium.is_there(now);
    let story = bench.simulator.world().media_of(bench.account(0), gone).next().unwrap();
    bench.stub(story.id.as_str()).await;
    sqlx::query("UPDATE instagram.media SET media_product_type = 'STORY'")
        .execute(&bench.pool())
        .await
        .unwrap();
    bench.want_in(reads::kind::MEDIA, story.id.as_str(), 0, TaskLane::Live).await;
    wait_for_belief(&bench).await;
    assert_eq!(
        bench
            .number("SELECT count(*) FROM instagram.media WHERE lost_at IS NOT NULL AND deleted_at IS NULL")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_viewers_and_empty_answers_are_reasons_not_zeros() {
    let bench = Bench::new().await;
    let mut media = bench.media(0, Product::Feed);
    let (few, empty) = (media.next().unwrap(), media.next().unwrap());
    bench.simulator.add_fault(
        Fault::new(Effect::NotEnoughViewers).for_target(few.id.as_str()).for_kind(CallKind::MediaInsights),
    );
    bench.simulator.add_fault(Fault::new(Effect::EmptyData).for_target(empty.id.as_str()));
    bench.want_medium(few, 0).await;
    bench.want_medium(empty, 0).await;
    bench.settle().await;
    assert_eq!(bench.absences(few).await, ["not_enough_viewers"]);
    let age = bench.clock.now().duration_since(empty.published);
    let expected = if age < SignedDuration::from_hours(48) { "not_yet" } else { "no_data" };
    assert_eq!(bench.absences(empty).await, [expected]);
    assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, few.id.as_str()).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn media_from_before_the_business_account_are_asked_once() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    bench.simulator.add_fault(Fault::new(Effect::BeforeConversion).for_kind(CallKind::MediaInsights));
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    bench.advance(Duration::from_hours(2));
    bench.want(reads::kind::MEDIA_INSIGHTS, medium.id.as_str(), 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaInsights), 1);
    assert_eq!(bench.absences(medium).await, ["unsupported"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_failures_are_tried_again_and_leave_nothing_behind() {
    let bench = Bench::new().await;
    let effects = [Effect::Html, Effect::TruncatedJson, Effect::ServerError, Effect::Cut];
    for (place, effect) in effects.into_iter().enumerate() {
        let medium = bench.media(place, Product::Feed).next().unwrap();
        bench.simulator.add_fault(Fault::new(effect).for_target(medium.id.as_str()).times(1));
        bench.stub(medium.id.as_str()).await;
        bench.want(reads::kind::MEDIA, medium.id.as_str(), place).await;
    }
    assert_eq!(bench.enricher.tick().await.unwrap(), 4);
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'backoff'").await,
        4
    );
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE user_id IS NOT NULL").await, 0);
    bench.advance(Duration::from_secs(1));
    bench.settle().await;
    let read = "SELECT count(*) FROM pipeline.enrichment_task WHERE kind = 'media' AND state = 'done'";
    assert_eq!(bench.number(read).await, 4);
    let owned = "SELECT count(*) FROM instagram.media WHERE user_id IS NOT NULL AND parent_id IS NULL";
    assert_eq!(bench.number(owned).await, 4);
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE attempts <> 0").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_stops_its_account_until_there_is_a_new_one() {
    let bench = Bench::new().await;
    let account = bench.account(0);
    bench.want_in(reads::kind::USER, account.id.as_str(), 0, TaskLane::Daily).await;
    bench.settle().await;
    bench.simulator.kill_token(account, 463);
    let media: Vec<_> = bench.media(0, Product::Feed).take(6).collect();
    for medium in &media {
        bench.want_medium(medium, 0).await;
    }
    bench.settle().await;
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'token_dead'").await,
        12
    );
    assert!(bench.simulator.total_cost() <= 5, "one round of calls found out");
    let dead = "SELECT count(*) FROM instagram.instagram_tokens WHERE state = 'dead' AND dead_reason LIKE 'code 190/463%'";
    assert_eq!(bench.number(dead).await, 1);
    assert_eq!(bench.number(r#"SELECT count(*) FROM instagram."user" WHERE has_problems"#).await, 1);

    let token = bench.simulator.issue_token(account);
    bench.set_token(account, &token).await;
    let mut conn = bench.pool().acquire().await.unwrap();
    assert_eq!(tasks::unpark(&mut conn, account.id.as_str(), bench.clock.now()).await.unwrap(), 13);
    bench.settle().await;
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'").await, 19);
    assert_eq!(bench.number(r#"SELECT count(*) FROM instagram."user" WHERE has_problems"#).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_usable_token_no_call_is_made() {
    let bench = Bench::new().await;
    let sql = "DELETE FROM instagram.instagram_tokens WHERE user_id = $1";
    sqlx::query(sql).bind(bench.account(0).id.as_str()).execute(&bench.pool()).await.unwrap();
    let sql = "UPDATE instagram.instagram_tokens SET expired_at = to_timestamp(1) WHERE user_id = $1";
    sqlx::query(sql).bind(bench.account(1).id.as_str()).execute(&bench.pool()).await.unwrap();
    let sql = "UPDATE instagram.instagram_tokens SET token = (SELECT token FROM instagram.instagram_tokens WHERE user_id = $2) WHERE user_id = $1";
    sqlx::query(sql)
        .bind(bench.account(2).id.as_str())
        .bind(bench.account(3).id.as_str())
        .execute(&bench.pool())
        .await
        .unwrap();
    for place in 0..3 {
        bench.want(reads::kind::MEDIA, bench.medium(place, Product::Feed).id.as_str(), place).await;
    }
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 0);
    for (place, reason, wait) in
        [(0, "no_token", 30 * 24 * 60), (1, "token_dead", 24 * 60), (2, "no_token", 60)]
    {
        let medium = bench.medium(place, Product::Feed);
        let (_, found, minutes, note) = bench.task(reads::kind::MEDIA, medium.id.as_str()).await;
        assert_eq!((found.as_deref(), minutes), (Some(reason), wait), "{note:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_stops_that_kind_of_read_only() {
    let bench = Bench::new().await;
    let fault = Fault::new(Effect::NoPermission).for_kind(CallKind::MediaInsights);
    bench.simulator.add_fault(fault.for_account(bench.account(0).id.as_str()));
    let media: Vec<_> = bench.media(0, Product::Feed).take(8).collect();
    for medium in &media {
        bench.want_medium(medium, 0).await;
    }
    bench.settle().await;
    assert!(bench.calls(CallKind::MediaInsights) <= 4);
    assert_eq!(bench.calls(CallKind::Media), 8);
    assert_eq!(
        bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'permission'").await,
        8
    );
    let later = bench.media(0, Product::Feed).nth(8).unwrap();
    let before = bench.calls(CallKind::MediaInsights);
    bench.want_medium(later, 0).await;
    bench.settle().await;
    assert_eq!(bench.calls(CallKind::MediaInsights), before, "the stop is remembered");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_object_that_may_not_be_read_stops_no_other() {
    let bench = Bench::new().await;
    let mut media = bench.media(0, Product::Feed);
    let (odd, good) = (media.next().unwrap(), media.next().unwrap());
    bench.simulator.add_fault(
        Fault::new(Effect::NoPermission).for_target(odd.id.as_str()).for_kind(CallKind::MediaInsights),
    );
    bench.want_medium(odd, 0).await;
    bench.settle().await;
    bench.want_medium(good, 0).await;
    bench.settle().await;
    assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, odd.id.as_str()).await, parked("permission"));
    assert_eq!(bench.absences(odd).await, ["permission"]);
    assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, good.id.as_str()).await, done());
    assert_eq!(bench.figures(good).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_worker_knows_of_a_stop_and_a_new_token_lifts_it() {
    let bench = Bench::new().await;
    let account = bench.account(0);
    let fault = Fault::new(Effect::NoPermission).for_kind(CallKind::MediaInsights);
    let fault = bench.simulator.add_fault(fault.for_account(account.id.as_str()));
    let media: Vec<_> = bench.media(0, Product::Feed).take(4).collect();
    for medium in &media[..3] {
        bench.want_medium(medium, 0).await;
        bench.settle().await;
    }
    let before = bench.calls(CallKind::MediaInsights);
    bench.want_medium(media[3], 0).await;
    while bench.another_worker().tick().await.unwrap() > 0 {}
    assert_eq!(bench.calls(CallKind::MediaInsights), before);
    assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, media[3].id.as_str()).await, parked("permission"));
    bench.simulator.remove_fault(fault);
    bench.set_token(account, &bench.simulator.issue_token(account)).await;
    let mut conn = bench.pool().acquire().await.unwrap();
    tasks::unpark(&mut conn, account.id.as_str(), bench.clock.now()).await.unwrap();
    bench.settle().await;
    for medium in &media {
        assert_eq!(bench.state(reads::kind::MEDIA_INSIGHTS, medium.id.as_str()).await, done());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_of_an_account_without_a_token_are_parked_when_they_are_wanted() {
    let bench = Bench::new().await;
    let sql = "DELETE FROM instagram.instagram_tokens WHERE user_id = $1";
    sqlx::query(sql).bind(bench.account(0).id.as_str()).execute(&bench.pool()).await.unwrap();
    let media: Vec<_> = bench.media(0, Product::Feed).take(2).collect();
    bench.want(reads::kind::MEDIA, media[0].id.as_str(), 0).await;
    bench.settle().await;
    bench.want(reads::kind::MEDIA, media[1].id.as_str(), 0).await;
    assert_eq!(bench.state(reads::kind::MEDIA, media[1].id.as_str()).await, parked("no_token"));
    bench.advance(Duration::from_hours(24));
    assert_eq!(bench.enricher.tick().await.unwrap(), 0, "nothing is rewritten while nothing changes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_comes_while_a_read_finds_none_is_used() {
    let bench = Bench::new().await;
    let account = bench.account(0);
    let mut conn = bench.pool().acquire().await.unwrap();
    token::store::forget(&mut conn, account.id.as_str(), bench.clock.now()).await.unwrap();
    let medium = bench.medium(0, Product::Feed);
    bench.want(reads::kind::MEDIA, medium.id.as_str(), 0).await;

    // The operator's command is under way: its token cannot be seen yet.
    let mut command = bench.pool().begin().await.unwrap();
    let sealed =
        keys().seal(account.id.as_str(), Column::Token, &bench.simulator.issue_token(account)).unwrap();
    assert!(
        token::store::put(&mut command, account.id.as_str(), &sealed, None, bench.clock.now()).await.unwrap()
    );
    assert_eq!(tasks::unpark(&mut command, account.id.as_str(), bench.clock.now()).await.unwrap(), 0);
    let worker = bench.another_worker();
    let read = tokio::spawn(async move { worker.tick().await });
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while bench.number(waits).await == 0 && !read.is_finished() {
        tokio::task::yield_now().await;
    }
    command.commit().await.unwrap();
    read.await.unwrap().unwrap();

    bench.settle().await;
    assert_eq!(bench.state(reads::kind::MEDIA, medium.id.as_str()).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_block_stops_the_account_for_long() {
    let bench = Bench::new().await;
    bench.simulator.add_fault(Fault::new(Effect::PolicyBlock).times(1));
    let mut media = bench.media(0, Product::Feed);
    let (first, second) = (media.next().unwrap(), media.next().unwrap());
    bench.want_medium(first, 0).await;
    bench.settle().await;
    bench.want_medium(second, 0).await;
    bench.settle().await;
    assert_eq!(bench.simulator.total_cost(), 1);
    for medium in [first, second] {
        let (_, reason, minutes, _) = bench.task(reads::kind::MEDIA, medium.id.as_str()).await;
        assert_eq!((reason.as_deref(), minutes), (Some("policy_block"), 24 * 60));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_id_leads_nowhere_is_noted() {
    let bench = Bench::new().await;
    let account = bench.account(0).id.as_str();
    bench.want_in(reads::kind::USER, account, 0, TaskLane::Daily).await;
    bench.settle().await;
    bench.simulator.add_fault(Fault::new(Effect::Gone).for_kind(CallKind::User));
    bench.advance(Duration::from_hours(25));
    bench.want_in(reads::kind::USER, account, 0, TaskLane::Daily).await;
    wait_for_belief(&bench).await;
    let noted = r#"SELECT count(*) FROM instagram."user" WHERE has_problems AND NOT is_userid_valid"#;
    assert_eq!(bench.number(noted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_much_is_asked_for_in_parts() {
    let bench = Bench::new().await;
    let medium = bench.medium(0, Product::Feed);
    let too_much = Effect::Error {
        code: 1,
        subcode: None,
        message: Some("Please reduce the amount of data you're asking for, then retry".to_owned()),
        status: Some(500),
        is_transient: None,
    };
    bench.simulator.add_fault(Fault::new(too_much.clone()).for_kind(CallKind::Media).times(1));
    bench.simulator.add_fault(Fault::new(too_much).for_kind(CallKind::MediaInsights).times(1));
    bench.want_medium(medium, 0).await;
    bench.settle().await;
    assert_eq!((bench.calls(CallKind::Media), bench.calls(CallKind::MediaInsights)), (2, 3));
    assert_eq!(bench.figures(medium).await.len(), 10);
    assert!(bench.absences(medium).await.is_empty());
    // An album whose node came without its children has them read by themselves.
    let children = bench.calls(CallKind::MediaChildren);
    assert_eq!(children, usize::from(!medium.children.is_empty()));
    let kept = bench.number("SELECT count(*) FROM pipeline.graph_response").await;
    assert_eq!(kept, 6 + i64::try_from(children).unwrap());
}
