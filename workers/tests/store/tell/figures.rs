//! The figures of rules. Expected values are worked out by hand.

use crate::brand::{ACCOUNT, Brand};

type Row = (Option<f64>, Option<f64>, Option<f64>);

async fn figure(brand: &Brand, metric: &str) -> Option<Row> {
    use jiff_sqlx::ToSqlx;
    sqlx::query_as("SELECT value, growth, usual FROM pipeline.account_figure($1, $2, 7, $3)")
        .bind(ACCOUNT)
        .bind(metric)
        .bind(brand.now().to_sqlx())
        .fetch_optional(&brand.pool)
        .await
        .unwrap()
}

fn close(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-9)
}

#[tokio::test]
async fn usual_is_the_mean_of_the_four_windows_before_where_two_are_known() {
    let brand = Brand::at("2026-11-30T12:00").await;
    assert_eq!(figure(&brand, "reach").await, None, "nothing is known");
    for (day, value) in [("2026-11-29", "600"), ("2026-11-22", "400"), ("2026-11-21", "9999")] {
        brand.reach(day, value).await;
    }
    let (value, growth, usual) = figure(&brand, "reach").await.unwrap();
    assert_eq!((value, growth, usual), (Some(600.0), None, None), "one window is not usual");
    brand.reach("2026-11-15", "NULL").await;
    brand.reach("2026-11-08", "200").await;
    brand.reach("2026-11-01", "0").await;
    // (400 + 200 + 0) / 3 = 200; 600 is three times that.
    assert!(close(figure(&brand, "reach").await.unwrap().2, 2.0));
    brand.reach("2026-11-29", "NULL").await;
    assert_eq!(figure(&brand, "reach").await.unwrap(), (None, None, None), "unknown is not zero");
}

#[tokio::test]
async fn negative_comments_are_unknown_where_nothing_was_ever_scored() {
    let brand = Brand::at("2026-11-30T12:00").await;
    for metric in ["negative_comments", "negative_comments_today"] {
        assert_eq!(figure(&brand, metric).await, None, "{metric}");
    }
    brand
        .do_sql(&format!(
            "INSERT INTO toba_cek_insta.sentiment_delta (user_id, day, pos, neu, neg) VALUES
                ('{ACCOUNT}', '2026-11-30', 0, 0, 12), ('{ACCOUNT}', '2026-11-25', 1, 0, 7),
                ('{ACCOUNT}', '2026-11-23', 0, 0, 7), ('{ACCOUNT}', '2026-11-17', 5, 0, 3)"
        ))
        .await;
    // The seven days from the 24th: 19; the seven before: 10; before those there was no comment at all.
    let (value, growth, usual) = figure(&brand, "negative_comments").await.unwrap();
    assert!(close(value, 19.0) && close(growth, 0.9) && usual.is_none(), "{value:?} {growth:?} {usual:?}");
    brand
        .do_sql(&format!(
            "INSERT INTO toba_cek_insta.sentiment_delta (user_id, day, pos, neu, neg) VALUES ('{ACCOUNT}', '2026-11-03', 1, 0, 0)"
        ))
        .await;
    // Now three windows before are known: 10, 0, 0.
    assert!(close(figure(&brand, "negative_comments").await.unwrap().2, 4.7));
    // Twelve today; the seven days before have 14, two a day.
    let (value, _, usual) = figure(&brand, "negative_comments_today").await.unwrap();
    assert!(close(value, 12.0) && close(usual, 5.0), "{value:?} {usual:?}");
}

#[tokio::test]
async fn a_token_is_at_risk_where_it_is_missing_dead_or_ends_within_a_week() {
    let brand = Brand::at("2026-11-30T12:00").await;
    assert_eq!(figure(&brand, "token_at_risk").await.unwrap().0, Some(1.0), "missing");
    brand
        .do_sql(&format!(
            "INSERT INTO instagram.instagram_tokens (user_id, token, flavour, updated_timestamp) VALUES ('{ACCOUNT}', 's', 'facebook', '2026-11-01')"
        ))
        .await;
    for (change, at_risk) in [
        ("state = 'valid', expired_at = NULL", 0.0),
        ("expired_at = '2026-12-08Z'", 0.0),
        ("expired_at = '2026-12-06Z'", 1.0),
        ("expired_at = NULL, state = 'dead', dead_reason = 'expired'", 1.0),
    ] {
        brand.do_sql(&format!("UPDATE instagram.instagram_tokens SET {change}")).await;
        assert_eq!(figure(&brand, "token_at_risk").await.unwrap().0, Some(at_risk), "{change}");
    }
}

#[tokio::test]
async fn stories_are_at_risk_in_their_last_six_hours_without_a_figure() {
    let brand = Brand::at("2026-11-30T12:00").await;
    // Now is 05:00 by UTC.
    let (safe, risky, over) = ("2026-11-29T12:00Z", "2026-11-29T10:00Z", "2026-11-29T04:00Z");
    for (id, published) in [("1", safe), ("2", risky), ("3", risky), ("4", over)] {
        brand
            .do_sql(&format!(
                r#"INSERT INTO instagram.media (id, user_id, media_product_type, "timestamp", first_seen_at)
                   VALUES ('{id}', '{ACCOUNT}', 'STORY', '{published}', '{published}')"#
            ))
            .await;
    }
    assert_eq!(figure(&brand, "stories_at_risk").await.unwrap().0, Some(2.0));
    brand
        .do_sql(
            "INSERT INTO instagram.media_insight (id, media_id, metric, value, updated_timestamp, datestamp, source, observed_at)
             VALUES ('a', '2', 'views', 0, '2026-11-30', '2026-11-30', 'poll', '2026-11-30')",
        )
        .await;
    assert_eq!(figure(&brand, "stories_at_risk").await.unwrap().0, Some(1.0));
}
