//! The views' names and columns: others build on them, so none may go or change its name.

use std::collections::BTreeMap;

use cekbrand_devkit::servers::TestServers;

/// Version 1. What is added stands in a list of its own version; nothing here is ever taken away.
#[rustfmt::skip]
const VERSION_1: [(&str, &str); 15] = [
    ("account_day", "user_id datestamp"),
    ("account_overview", "user_id username datestamp timeframe previous_datestamp followers_count followers_count_previous followers_growth reach reach_previous reach_growth views views_previous views_growth views_skipped_days profile_views profile_views_previous profile_views_skipped_days media_count media_count_previous skipped_media engagement engagement_previous engagement_growth likes_count comments_count engagement_rate engagement_rate_previous engagement_rate_growth sentiment_pos sentiment_neu sentiment_neg sentiment_balance sentiment_balance_previous sentiment_pos_growth sentiment_neu_growth sentiment_neg_growth stories_published stories_saved stories_lost stories_published_previous stories_saved_previous absence"),
    ("audience_city", "user_id datestamp timeframe observed_on city province followers share absence"),
    ("audience_country", "user_id datestamp timeframe observed_on country_code followers share absence"),
    ("audience_gender_age", "user_id datestamp timeframe observed_on gender age followers share absence"),
    ("comment_sentiment", "user_id media_id published_on part_id comment_id parent_id username text commented_at like_count hidden deleted_at is_own sentiment score uncertain language model absence"),
    ("competitor_overview", "user_id datestamp timeframe competitor_id is_self username followers_count followers_count_previous followers_growth media_count posts engagement engagement_per_post engagement_rate_per_post skipped_posts absence"),
    ("format_performance", "user_id datestamp timeframe format posts reach_per_post largest_reach skipped_reach views views_per_post skipped_views engagement engagement_per_post skipped_engagement interactions interactions_per_post skipped_interactions absence"),
    ("hashtag_spelling", "user_id hastag shown posts"),
    ("interface_version", "version"),
    ("media_comment_overview", "user_id media_id published_at published_on format comments_count comments own_comments deleted_comments pos neu neg uncertain unscored balance first_comment_at last_comment_at absence"),
    ("post", "user_id media_id published_at published_on deleted_on format permalink caption"),
    ("story_performance", "user_id media_id published_at published_on expires_at deleted_on permalink state saved_by saved_at lost_at views reach replies shares follows profile_visits interactions navigation_source taps_forward taps_back exits swipes_forward completion_rate exit_rate reply_rate absence"),
    ("user_hastags_metrics_carried", "user_id hastag datestamp carried_until total_engagement post_count engagement_per_post total_reach total_saved reach_per_post saved_per_post skipped_engagement skipped_reach skipped_saved absence updated_timestamp"),
    ("user_hastags_metrics_distribution_carried", "user_id media_id hastag media_timestamp datestamp carried_until engagement reach impressions comments_count like_count absence updated_timestamp"),
];

#[tokio::test]
async fn the_views_keep_their_names_and_columns() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let columns = "
        SELECT relname::text, string_agg(attname, ' ' ORDER BY attnum) FROM pg_class
        JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
        WHERE relnamespace = 'toba_cek_insta'::regnamespace AND relkind = 'v' GROUP BY relname";
    let views: Vec<(String, String)> = sqlx::query_as(columns).fetch_all(&database.pool()).await.unwrap();
    let views: BTreeMap<_, _> = views.into_iter().collect();
    let version: i32 = sqlx::query_scalar("SELECT version FROM toba_cek_insta.interface_version")
        .fetch_one(&database.pool())
        .await
        .unwrap();
    // Who adds a view or a column raises the version, and lists here what is new.
    assert_eq!(version, 1);
    assert_eq!(views, VERSION_1.map(|(view, columns)| (view.to_owned(), columns.to_owned())).into());
}
