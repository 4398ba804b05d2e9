//! Tokens and permissions that are lacking.

use super::*;

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
