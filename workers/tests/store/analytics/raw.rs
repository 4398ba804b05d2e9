//! The raw rows of some accounts, as plain structs: all that the reference computes from.

use std::collections::HashMap;

use cekbrand_sentiment::Model;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use sqlx::PgPool;

/// A row as JSON, with typed looks at its columns.
#[derive(Debug, Clone)]
pub(crate) struct Row(pub(crate) Value);

impl Row {
    pub(crate) fn text(&self, column: &str) -> Option<String> {
        self.0[column].as_str().map(str::to_owned)
    }

    pub(crate) fn int(&self, column: &str) -> Option<i64> {
        self.0[column].as_i64()
    }

    pub(crate) fn date(&self, column: &str) -> Date {
        self.0[column].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn instant(&self, column: &str) -> Option<Timestamp> {
        self.0[column].as_str().map(|text| text.parse().unwrap())
    }

    /// The reason that a row with several figures gives for one of them.
    pub(crate) fn reason(&self, column: &str) -> Option<String> {
        self.0["absence"][column].as_str().map(str::to_owned)
    }

    /// Meta's day: that of `end_time` in Los Angeles, less one.
    pub(crate) fn meta_day(&self) -> Date {
        local(self.instant("end_time").unwrap(), &TimeZone::get("America/Los_Angeles").unwrap())
            .yesterday()
            .unwrap()
    }
}

/// The day of an instant in a zone.
pub(crate) fn local(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// Everything raw.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) users: Vec<Row>,
    pub(crate) snapshots: Vec<Row>,
    pub(crate) media: Vec<Row>,
    pub(crate) counts: Vec<Row>,
    pub(crate) figures: Vec<Row>,
    pub(crate) comments: Vec<Row>,
    pub(crate) reach: Vec<Row>,
    pub(crate) impressions: Vec<Row>,
    pub(crate) online: Vec<Row>,
}

impl Raw {
    pub(crate) async fn read(pool: &PgPool) -> Self {
        Self {
            users: rows(pool, r#"SELECT to_jsonb(r) FROM instagram."user" AS r"#).await,
            snapshots: rows(pool, "SELECT to_jsonb(r) FROM instagram.user_data AS r").await,
            media: rows(pool, "SELECT to_jsonb(r) FROM instagram.media AS r").await,
            counts: rows(pool, "SELECT to_jsonb(r) FROM instagram.media_like_comment AS r").await,
            figures: rows(pool, "SELECT to_jsonb(r) FROM instagram.media_insight AS r").await,
            comments: rows(pool, "SELECT to_jsonb(r) FROM instagram.media_comment AS r").await,
            reach: rows(pool, "SELECT to_jsonb(r) FROM instagram.user_insight_reach AS r").await,
            impressions: rows(pool, "SELECT to_jsonb(r) FROM instagram.user_insight_impressions AS r").await,
            online: rows(pool, "SELECT to_jsonb(r) FROM instagram.user_insight_online_follower AS r").await,
        }
    }
}

async fn rows(pool: &PgPool, statement: &'static str) -> Vec<Row> {
    let rows: Vec<Value> = sqlx::query_scalar(statement).fetch_all(pool).await.unwrap();
    rows.into_iter().map(Row).collect()
}

/// A post that counts in the analytics of an account.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) published: Date,
    pub(crate) deleted: Option<Date>,
    pub(crate) hashtags: Vec<String>,
}

impl Post {
    /// Whether it is published and not deleted as of a day.
    pub(crate) fn stands(&self, day: Date) -> bool {
        self.published <= day && self.deleted.is_none_or(|deleted| deleted > day)
    }
}

/// A comment that can count in the sentiment of an account.
#[derive(Debug, Clone)]
pub(crate) struct Felt {
    pub(crate) post: String,
    pub(crate) sentiment: &'static str,
    pub(crate) came: Date,
    pub(crate) went: Option<Date>,
}

impl Felt {
    pub(crate) fn counts(&self, day: Date) -> bool {
        self.came <= day && self.went.is_none_or(|went| went > day)
    }
}

/// One account's view of the raw rows.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    pub(crate) id: &'a str,
    pub(crate) zone: TimeZone,
    pub(crate) zone_name: String,
    pub(crate) today: Date,
    pub(crate) raw: &'a Raw,
    pub(crate) posts: Vec<Post>,
    pub(crate) comments: Vec<Felt>,
    /// Rows of counts by medium, and of figures by medium and metric, with their days.
    counts: HashMap<String, Vec<(Date, &'a Row)>>,
    figures: HashMap<(String, String), Vec<(Date, &'a Row)>>,
}

impl<'a> Account<'a> {
    pub(crate) fn new(raw: &'a Raw, id: &'a str, now: Timestamp) -> Self {
        let user = raw.users.iter().find(|user| user.text("id").as_deref() == Some(id)).unwrap();
        let zone_name = user.text("timezone").unwrap_or_else(|| "UTC".to_owned());
        let zone = TimeZone::get(&zone_name).unwrap();
        let posts = raw.media.iter().filter_map(|medium| post(medium, id, &zone)).collect();
        let mut counts: HashMap<_, Vec<_>> = HashMap::new();
        for row in &raw.counts {
            counts.entry(row.text("media_id").unwrap()).or_default().push((row.date("datestamp"), row));
        }
        let mut figures: HashMap<_, Vec<_>> = HashMap::new();
        for row in &raw.figures {
            let key = (row.text("media_id").unwrap(), row.text("metric").unwrap());
            figures.entry(key).or_default().push((row.date("datestamp"), row));
        }
        let (today, comments) = (local(now, &zone), Vec::new());
        let mut account = Self { id, zone, zone_name, today, raw, posts, comments, counts, figures };
        account.comments = raw.comments.iter().filter_map(|comment| account.felt(user, comment)).collect();
        account
    }

    /// The account's rows among some that have a `user_id`.
    pub(crate) fn own(&self, rows: &'a [Row]) -> impl Iterator<Item = &'a Row> {
        let id = self.id.to_owned();
        rows.iter().filter(move |row| row.text("user_id").as_deref() == Some(id.as_str()))
    }

    /// Posts published in (day - days, day] and not deleted as of the day.
    pub(crate) fn window(&self, day: Date, days: i32) -> impl Iterator<Item = &Post> {
        let before = day.saturating_sub(jiff::Span::new().days(days));
        self.posts.iter().filter(move |post| post.published > before && post.stands(day))
    }

    /// Likes and comments as of a day.
    pub(crate) fn counts_as_of(&self, media: &str, day: Date) -> Option<&'a Row> {
        let rows = self.counts.get(media)?.iter().filter(|(date, _)| *date <= day);
        rows.max_by_key(|(date, _)| *date).map(|(_, row)| *row)
    }

    /// Rows of a figure of a medium up to a day.
    pub(crate) fn figure_rows(&self, media: &str, metric: &str, day: Date) -> Vec<&'a Row> {
        let rows = self.figures.get(&(media.to_owned(), metric.to_owned()));
        rows.into_iter().flatten().filter(|(date, _)| *date <= day).map(|(_, row)| *row).collect()
    }

    /// The last known value of a figure as of a day.
    pub(crate) fn figure_as_of(&self, media: &str, metric: &str, day: Date) -> Option<i64> {
        let mut rows = self.figure_rows(media, metric, day);
        rows.retain(|row| row.int("value").is_some());
        rows.into_iter().max_by_key(|row| row.date("datestamp"))?.int("value")
    }

    fn felt(&self, user: &Row, comment: &Row) -> Option<Felt> {
        let medium = comment.text("media_id")?;
        let row = self.raw.media.iter().find(|row| row.text("id").as_ref() == Some(&medium))?;
        let whole = row.text("original_media_id").or_else(|| row.text("parent_id")).unwrap_or(medium);
        let post = self.posts.iter().find(|post| post.id == whole)?;
        let author = comment.text("from_id");
        let is_own = match &author {
            Some(author) => author == self.id || user.text("app_scoped_id").as_ref() == Some(author),
            None => user.text("username").is_some() && user.text("username") == comment.text("username"),
        };
        if is_own {
            return None;
        }
        let sentiment = Model::bundled().score(&comment.text("text")?).label.as_str();
        let came = comment.instant("timestamp").or_else(|| comment.instant("first_seen_at"))?;
        let gone = comment.instant("deleted_at").map(|at| local(at, &self.zone));
        let went = [gone, post.deleted].into_iter().flatten().min();
        Some(Felt { post: whole, sentiment, came: local(came, &self.zone), went })
    }
}

fn post(medium: &Row, account: &str, zone: &TimeZone) -> Option<Post> {
    let is_part = medium.text("parent_id").is_some() || medium.text("original_media_id").is_some();
    if medium.text("user_id").as_deref() != Some(account) || is_part {
        return None;
    }
    let at = medium.instant("timestamp")?;
    let listed = medium.text("media_hastag").unwrap_or_default();
    Some(Post {
        id: medium.text("id")?,
        at,
        published: local(at, zone),
        deleted: medium.instant("deleted_at").map(|at| local(at, zone)),
        hashtags: listed.split(' ').filter(|hashtag| !hashtag.is_empty()).map(str::to_owned).collect(),
    })
}
