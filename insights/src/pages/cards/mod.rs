//! The cards of a brand's page, a file each.

mod audience;
pub(crate) mod cells;
pub(crate) mod comments;
mod formats;
mod hashtags;
mod hours;
pub(crate) mod posts;
mod rivals;
mod stories;

use self::audience::AudienceCard;
use self::comments::CommentsCard;
use self::hours::HoursCard;
use self::posts::PostsCard;
use self::stories::StoriesCard;
use super::account::Account;
use super::chart::Happening;
use super::respond::Frame;
use super::table::Table;
use crate::api::Api;
use crate::problem::Problem;
use crate::query;
use crate::query::hashtags::HashtagSort;
use crate::query::stories::StoriesAsked;
use crate::range::Days;

/// So many stories of the days.
const STORIES: i64 = 60;
/// So many hashtags, the best ones.
const HASHTAGS: i64 = 15;

/// All cards of a page.
#[derive(Debug)]
pub(crate) struct Cards {
    pub(crate) posts: PostsCard,
    pub(crate) formats: Table,
    pub(crate) comments: CommentsCard,
    pub(crate) hashtags: Table,
    pub(crate) hours: HoursCard,
    pub(crate) audience: AudienceCard,
    pub(crate) rivals: Table,
    pub(crate) stories: StoriesCard,
    pub(crate) labels: Table,
    happenings: Vec<Happening>,
}

/// Reads what they show.
///
/// # Errors
///
/// [`Problem::Database`].
pub(crate) async fn read(api: &Api, frame: &Frame, account: &Account) -> Result<Cards, Problem> {
    let (pool, lang) = (&api.pool, frame.view.lang);
    let period = account.local(account.period.from, account.period.to);
    let (from, to) = account.listed();
    let all = query::pages::posts::list(pool, period).await?;
    let (id, zone) = (account.row.id.as_str(), account.row.timezone.as_str());
    let of_days =
        StoriesAsked { account: id, timezone: zone, days: Days { from, to }, limit: STORIES, offset: 0 };
    let stories = query::stories::list(pool, of_days, frame.now).await?;
    let best = HashtagSort::Engagement;
    let hashtags = query::hashtags::list(pool, id, account.period.to, best, HASHTAGS, 0).await?;
    let online = query::hours::week(pool, id, zone, hours::window(account)).await?;
    let audience = query::audience::latest(pool, id, account.today).await?;
    let whole = Days { from: account.period.from, to: account.period.to };
    let rivals = query::competitors::list(pool, id, zone, whole).await?;
    let labels = crate::query::labels::list(pool, id).await?;
    Ok(Cards {
        labels: super::labels::table(lang, &labels),
        happenings: posts::happenings(&all, account),
        formats: formats::table(lang, &all),
        posts: PostsCard::new(frame, account, all),
        comments: comments::read(api, frame, account.local(from, to), "").await?,
        hashtags: hashtags::table(lang, &hashtags),
        hours: HoursCard::new(lang, account, &online),
        audience: AudienceCard::new(lang, &audience),
        rivals: rivals::table(lang, &rivals),
        stories: StoriesCard::new(lang, frame.now, account, &stories),
    })
}

impl Cards {
    /// The posts of the period, for the chart.
    pub(crate) fn happenings(&self) -> Vec<Happening> {
        self.happenings.clone()
    }

    /// The table of a card.
    pub(crate) fn into_table(self, card: &str) -> Option<Table> {
        match card {
            "posts" => Some(self.posts.table),
            "formats" => Some(self.formats),
            "comments" => Some(self.comments.table),
            "hashtags" => Some(self.hashtags),
            "hours" => Some(self.hours.table),
            "audience" => Some(self.audience.table),
            "competitors" => Some(self.rivals),
            "stories" => Some(self.stories.table),
            "labels" => Some(self.labels),
            _ => None,
        }
    }
}
