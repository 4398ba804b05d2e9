//! What is gone, or seems to be.

use super::*;

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
