//! Stories: saved how, or lost, and how people moved on from them.

use serde_json::json;

use super::run;
use crate::brand::{Brand, at};

/// Stories of one day; `rows` are their figures.
async fn stories(figures: &'static str) -> Brand {
    let brand = Brand::at("2026-06-20T12:00").await;
    for story in ["1", "2", "3", "4", "5"] {
        brand.medium(story, at("2026-06-18T09:00"), "", at("2026-06-18T10:00")).await;
    }
    run(&brand, "UPDATE instagram.media SET media_product_type = 'STORY'").await;
    run(&brand, figures).await;
    brand.settle().await;
    brand
}

const FIGURES: &str = "
    INSERT INTO instagram.media_insight
        (id, media_id, metric, breakdown, datestamp, value, absence, source, observed_at, updated_timestamp)
    SELECT concat_ws('/', media, metric, part, at::timestamptz::date), media, metric, part, at::timestamptz::date, value,
        absence, source, at::timestamptz, 'epoch'
    FROM (VALUES
        -- Read twice while it lived; a part that is not listed is 0, as those listed make up the whole.
        ('1', 'views', '', 100, NULL, 'poll', '2026-06-18T12:00Z'),
        ('1', 'views', '', 200, NULL, 'poll', '2026-06-19T01:00Z'),
        ('1', 'reach', '', 150, NULL, 'poll', '2026-06-19T01:00Z'),
        ('1', 'replies', '', 3, NULL, 'poll', '2026-06-19T01:00Z'),
        ('1', 'navigation', '', 50, NULL, 'poll', '2026-06-19T01:00Z'),
        ('1', 'navigation', 'tap_forward', 40, NULL, 'poll', '2026-06-19T01:00Z'),
        ('1', 'navigation', 'tap_exit', 10, NULL, 'poll', '2026-06-19T01:00Z'),
        -- Told by the webhook alone, its exits withheld.
        ('2', 'impressions', '', 80, NULL, 'webhook', '2026-06-19T03:00Z'),
        ('2', 'reach', '', 60, NULL, 'webhook', '2026-06-19T03:00Z'),
        ('2', 'taps_forward', '', 20, NULL, 'webhook', '2026-06-19T03:00Z'),
        ('2', 'exits', '', NULL, 'suppressed', 'webhook', '2026-06-19T03:00Z'),
        -- Read, then told: the later counts.
        ('3', 'views', '', 100, NULL, 'poll', '2026-06-18T20:00Z'),
        ('3', 'navigation', '', 9, NULL, 'poll', '2026-06-18T20:00Z'),
        ('3', 'navigation', 'tap_exit', 5, NULL, 'poll', '2026-06-18T20:00Z'),
        ('3', 'taps_forward', '', 30, NULL, 'webhook', '2026-06-19T03:00Z'),
        ('3', 'exits', '', 20, NULL, 'webhook', '2026-06-19T03:00Z'),
        ('4', 'views', '', NULL, 'lost', 'poll', '2026-06-19T12:00Z')
    ) AS told (media, metric, part, value, absence, source, at)";

#[tokio::test]
async fn stories_say_how_they_were_saved_and_how_people_moved_on() {
    let brand = stories(FIGURES).await;
    let told = brand
        .table(
            "SELECT jsonb_build_array(media_id, state, saved_by, views, navigation_source, taps_forward, taps_back, exits,
                swipes_forward, completion_rate, exit_rate, reply_rate)
             FROM toba_cek_insta.story_performance WHERE user_id = '17841400000000001' ORDER BY media_id",
        )
        .await;
    assert_eq!(
        told,
        [
            json!(["1", "saved", "poll", 200, "navigation", 40, 0, 10, 0, 0.75, 0.05, 0.02]),
            json!(["2", "saved", "webhook", 80, "webhook", 20, null, null, null, null, null, null]),
            json!(["3", "saved", "webhook", 100, "webhook", 30, null, 20, null, 0.5, 0.2, null]),
            json!(["4", "lost", null, null, null, null, null, null, null, null, null, null]),
            json!(["5", "open", null, null, null, null, null, null, null, null, null, null]),
        ]
    );
    let reasons = brand
        .table(
            "SELECT jsonb_build_array(media_id, absence -> 'exits', absence -> 'exit_rate', absence -> 'swipes_forward',
                absence -> 'views')
             FROM toba_cek_insta.story_performance WHERE user_id = '17841400000000001' ORDER BY media_id",
        )
        .await;
    assert_eq!(
        reasons,
        [
            json!(["1", null, null, null, null]),
            json!(["2", "suppressed", "suppressed", "unsupported", null]),
            json!(["3", null, null, "unsupported", null]),
            json!(["4", "lost", "lost", "lost", "lost"]),
            json!(["5", "no_data", "no_data", "no_data", "no_data"]),
        ]
    );
}

#[tokio::test]
async fn an_account_says_how_many_of_its_stories_were_saved() {
    let brand = stories(FIGURES).await;
    run(&brand, "UPDATE instagram.media SET lost_at = '2026-06-19T12:00Z' WHERE id IN ('3', '4')").await;
    let counted = brand
        .table(
            "SELECT jsonb_build_array(timeframe, datestamp, stories_published, stories_saved, stories_lost,
                stories_published_previous, stories_saved_previous)
             FROM toba_cek_insta.account_overview
             WHERE user_id = '17841400000000001' AND datestamp IN ('2026-06-18', '2026-06-20') ORDER BY 1",
        )
        .await;
    assert_eq!(
        counted,
        [
            json!([7, "2026-06-18", 5, 3, 1, 0, 0]),
            json!([7, "2026-06-20", 5, 3, 1, 0, 0]),
            json!([28, "2026-06-18", 5, 3, 1, 0, 0]),
            json!([28, "2026-06-20", 5, 3, 1, 0, 0]),
        ]
    );
}
