-- Analytics, second part (schema toba_cek_insta): what comments feel, growth, best hours, and the media that lead.
--
-- Queries that need it: analyse (upserts by key, deletes of what no longer holds), serve (rows of an account by day).
--
-- Growth is (now - then) / then; it has no value, and says why, where then is 0 (no_data), unknown, or of another
-- metric. Both figures stand beside it.

-- What analyse knew of an account -------------------------------------------------------------------------------------

CREATE TABLE pipeline.analysed_account (
    account_id text PRIMARY KEY,
    timezone text NOT NULL
);
COMMENT ON TABLE pipeline.analysed_account IS 'The time zone by which an account was last analysed: another one moves every comment to another day.';
COMMENT ON COLUMN pipeline.analysed_account.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.analysed_account.timezone IS 'Its zone, UTC where none is set.';

COMMENT ON COLUMN pipeline.analysed_media.hastags IS 'The same as a sorted list, without the # sign, as hashtags are compared.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.hastag IS 'Hashtag without the # sign, composed canonically and with case folded.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.hastag IS 'Hashtag without the # sign, composed canonically and with case folded.';

-- For the parts of a medium: ads' copies and album children.
CREATE INDEX media_whole ON instagram.media ((coalesce(original_media_id, parent_id)))
WHERE coalesce(original_media_id, parent_id) IS NOT NULL;

-- For the comments of a medium that were deleted within some days.
CREATE INDEX media_comment_deleted_at ON instagram.media_comment (media_id, deleted_at) WHERE deleted_at IS NOT NULL;

CREATE VIEW pipeline.post_part AS
SELECT post.user_id, post.media_id AS post_id, post.deleted_on, post.media_id AS part_id
FROM pipeline.analysed_media AS post
UNION ALL
SELECT post.user_id, post.media_id, post.deleted_on, part.id
FROM pipeline.analysed_media AS post
INNER JOIN instagram.media AS part ON coalesce(part.original_media_id, part.parent_id) = post.media_id;
COMMENT ON VIEW pipeline.post_part IS 'The media whose comments count for a post: itself, the copies that ads made of it, the children of an album.';
COMMENT ON COLUMN pipeline.post_part.user_id IS 'Owner of the post.';
COMMENT ON COLUMN pipeline.post_part.post_id IS 'The post.';
COMMENT ON COLUMN pipeline.post_part.deleted_on IS 'Local day from which it no longer counts; NULL: it still does.';
COMMENT ON COLUMN pipeline.post_part.part_id IS 'The medium that is commented on.';

-- OFFSET 0 keeps it a loop over an index, however much the planner believes that it will find.
CREATE FUNCTION pipeline.felt_comments(account text, medium text, since timestamptz, until timestamptz)
RETURNS TABLE (comment_id text, at timestamptz, deleted_at timestamptz, sentiment text)
LANGUAGE sql STABLE
AS $$
    SELECT comment.id, coalesce(comment."timestamp", comment.first_seen_at), comment.deleted_at, felt.sentiment
    FROM instagram.media_comment AS comment
    INNER JOIN toba_cek_insta.user_media_comment_sentiment AS felt ON felt.comment_id = comment.id
    WHERE
        comment.media_id = medium
        AND coalesce(comment."timestamp", comment.first_seen_at) >= since
        AND coalesce(comment."timestamp", comment.first_seen_at) < until
        AND comment.from_id IS DISTINCT FROM account
        AND NOT EXISTS (
            SELECT FROM instagram."user" AS owner
            WHERE
                owner.id = account
                AND (
                    owner.app_scoped_id = comment.from_id
                    OR (comment.from_id IS NULL AND owner.username = comment.username)
                )
        )
    OFFSET 0
$$;
COMMENT ON FUNCTION pipeline.felt_comments(text, text, timestamptz, timestamptz) IS 'The comments of a medium, made in [since, until), that count in the sentiment of an account: scored, and not its own.';

-- A medium may be known as a part from the start, and its comments longer than itself.
CREATE TRIGGER medium_came_as_part AFTER INSERT ON instagram.media
FOR EACH ROW
WHEN (new.parent_id IS NOT NULL OR new.original_media_id IS NOT NULL)
EXECUTE FUNCTION pipeline.note_comments_of_medium();

-- Sentiment -----------------------------------------------------------------------------------------------------------

CREATE TABLE toba_cek_insta.sentiment_delta (
    user_id text NOT NULL,
    day date NOT NULL,
    pos bigint NOT NULL,
    neu bigint NOT NULL,
    neg bigint NOT NULL,
    PRIMARY KEY (user_id, day)
);
COMMENT ON TABLE toba_cek_insta.sentiment_delta IS 'What each day adds to the sentiment of an account; a row only for a day that adds something. Added to the seed: so a comment costs the days from its own on, not a recount.';
COMMENT ON COLUMN toba_cek_insta.sentiment_delta.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.sentiment_delta.day IS 'A local day of the account.';
COMMENT ON COLUMN toba_cek_insta.sentiment_delta.pos IS 'Positive comments made on the day, less those deleted on it.';
COMMENT ON COLUMN toba_cek_insta.sentiment_delta.neu IS 'The same for neutral comments.';
COMMENT ON COLUMN toba_cek_insta.sentiment_delta.neg IS 'The same for negative comments.';

CREATE TABLE toba_cek_insta.user_insight_sentiment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    date_stamp date NOT NULL,
    neu bigint NOT NULL CHECK (neu >= 0),
    pos bigint NOT NULL CHECK (pos >= 0),
    neg bigint NOT NULL CHECK (neg >= 0),
    updated_timestamp timestamptz NOT NULL,
    UNIQUE (user_id, date_stamp)
);
COMMENT ON TABLE toba_cek_insta.user_insight_sentiment IS 'Comments made on or before D and neither deleted nor on a deleted medium on or before D; the account''s own do not count. A row for each day from the first comment on.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment.date_stamp IS 'D, a local day of the account.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment.neu IS 'Neutral comments that count on D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment.pos IS 'Positive comments that count on D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment.neg IS 'Negative comments that count on D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment.updated_timestamp IS 'When the row last changed.';

CREATE TABLE toba_cek_insta.user_insight_sentiment_growth (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    date_stamp date NOT NULL,
    neu bigint,
    pos bigint,
    neg bigint,
    updated_timestamp timestamptz NOT NULL,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    absence instagram.absence,
    UNIQUE (user_id, timeframe, date_stamp),
    CHECK ((absence IS NULL) = (neu IS NOT NULL AND pos IS NOT NULL AND neg IS NOT NULL))
);
COMMENT ON TABLE toba_cek_insta.user_insight_sentiment_growth IS 'Difference of each count of user_insight_sentiment against D - t.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment_growth.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment_growth.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment_growth.date_stamp IS 'D, a local day of the account.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment_growth.neu IS 'Neutral comments on D less those on D - t.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment_growth.pos IS 'Positive comments on D less those on D - t.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment_growth.neg IS 'Negative comments on D less those on D - t.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment_growth.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment_growth.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_insight_sentiment_growth.absence IS 'Why the differences are NULL; NULL where they are not.';

CREATE TABLE toba_cek_insta.user_media_most_positive (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    media_id text NOT NULL,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    positive_count bigint NOT NULL CHECK (positive_count > 0),
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    UNIQUE (user_id, timeframe)
);
COMMENT ON TABLE toba_cek_insta.user_media_most_positive IS 'The medium with the most positive comments so far, of those published in the last t days. Ties: the older, then the smaller id. No row: there is no positive comment.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_positive.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_positive.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_positive.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_positive.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_positive.positive_count IS 'Its positive comments that count on D.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_positive.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_positive.datestamp IS 'D: the local day of the account for which it holds.';

CREATE TABLE toba_cek_insta.user_media_most_negative (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    media_id text NOT NULL,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    negative_count bigint NOT NULL CHECK (negative_count > 0),
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    UNIQUE (user_id, timeframe)
);
COMMENT ON TABLE toba_cek_insta.user_media_most_negative IS 'The medium with the most negative comments so far, of those published in the last t days. Ties: the older, then the smaller id. No row: there is no negative comment.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_negative.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_negative.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_negative.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_negative.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_negative.negative_count IS 'Its negative comments that count on D.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_negative.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_media_most_negative.datestamp IS 'D: the local day of the account for which it holds.';

-- Growth --------------------------------------------------------------------------------------------------------------

CREATE TABLE toba_cek_insta.user_insight_engagement_growth (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    growth double precision,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    datestamp date NOT NULL,
    updated_timestamp timestamptz NOT NULL,
    value_now bigint,
    value_then bigint,
    absence instagram.absence,
    UNIQUE (user_id, timeframe, datestamp),
    CHECK ((growth IS NULL) <> (absence IS NULL))
);
COMMENT ON TABLE toba_cek_insta.user_insight_engagement_growth IS 'Growth of the engagement against D - t. No row: nothing was published in (D - t, D].';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_growth.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_growth.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_growth.growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_growth.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_growth.datestamp IS 'D, a local day of the account.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_growth.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_growth.value_now IS 'user_insight_engagement.engagement of D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_growth.value_then IS 'user_insight_engagement.engagement of D - t.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_growth.absence IS 'Why growth is NULL; NULL where it is not.';

CREATE TABLE toba_cek_insta.user_insight_engagement_rate_growth (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    growth double precision,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    datestamp date NOT NULL,
    updated_timestamp timestamptz NOT NULL,
    value_now double precision,
    value_then double precision,
    absence instagram.absence,
    UNIQUE (user_id, timeframe, datestamp),
    CHECK ((growth IS NULL) <> (absence IS NULL))
);
COMMENT ON TABLE toba_cek_insta.user_insight_engagement_rate_growth IS 'Growth of engagement / followers_count against D - t, the followers being those of the snapshot of the day. No row: nothing was published in (D - t, D].';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_rate_growth.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_rate_growth.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_rate_growth.growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_rate_growth.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_rate_growth.datestamp IS 'D, a local day of the account.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_rate_growth.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_rate_growth.value_now IS 'Engagement / followers of D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_rate_growth.value_then IS 'Engagement / followers of D - t.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement_rate_growth.absence IS 'Why growth is NULL; NULL where it is not.';

CREATE TABLE toba_cek_insta.user_insight_follower_growth (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    growth double precision,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    date_stamp date NOT NULL,
    updated_timestamp timestamptz NOT NULL,
    value_now bigint,
    value_then bigint,
    absence instagram.absence,
    UNIQUE (user_id, timeframe, date_stamp),
    CHECK ((growth IS NULL) <> (absence IS NULL))
);
COMMENT ON TABLE toba_cek_insta.user_insight_follower_growth IS 'Growth of followers_count against D - t. No row: there is no snapshot of D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_growth.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_growth.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_growth.growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_growth.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_growth.date_stamp IS 'D, a local day of the account.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_growth.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_growth.value_now IS 'Followers of D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_growth.value_then IS 'Followers of D - t.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_growth.absence IS 'Why growth is NULL; NULL where it is not.';

CREATE TABLE toba_cek_insta.user_insight_reach_growth (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    growth double precision,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    date_stamp date NOT NULL,
    updated_timestamp timestamptz NOT NULL,
    value_now bigint,
    value_then bigint,
    absence instagram.absence,
    UNIQUE (user_id, timeframe, date_stamp),
    CHECK ((growth IS NULL) <> (absence IS NULL))
);
COMMENT ON TABLE toba_cek_insta.user_insight_reach_growth IS 'Growth of the reach of t days against D - t. Never a sum of days: unique people do not add up. No row: the reach of D was not asked for.';
COMMENT ON COLUMN toba_cek_insta.user_insight_reach_growth.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_reach_growth.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_reach_growth.growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.user_insight_reach_growth.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_insight_reach_growth.date_stamp IS 'D, Meta''s day.';
COMMENT ON COLUMN toba_cek_insta.user_insight_reach_growth.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_insight_reach_growth.value_now IS 'Reach of the t days up to the day, as Meta counts people over them, of D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_reach_growth.value_then IS 'Reach of the t days up to the day, as Meta counts people over them, of D - t.';
COMMENT ON COLUMN toba_cek_insta.user_insight_reach_growth.absence IS 'Why growth is NULL; NULL where it is not.';

CREATE TABLE toba_cek_insta.user_insight_impressions_growth (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    growth double precision,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    date_stamp date NOT NULL,
    updated_timestamp timestamptz NOT NULL,
    value_now bigint,
    value_then bigint,
    skipped_days int NOT NULL CHECK (skipped_days BETWEEN 0 AND timeframe),
    skipped_days_then int NOT NULL CHECK (skipped_days_then BETWEEN 0 AND timeframe),
    absence instagram.absence,
    UNIQUE (user_id, timeframe, date_stamp),
    CHECK ((growth IS NULL) <> (absence IS NULL))
);
COMMENT ON TABLE toba_cek_insta.user_insight_impressions_growth IS 'Growth of the sum of the daily impressions of t days against the t days before; days without a figure are skipped. metric_changed: impressions and views do not compare. No row: no day of (D - t, D] was asked for.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.date_stamp IS 'D, Meta''s day.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.value_now IS 'Sum of the daily impressions (views) of the t days up to the day, of D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.value_then IS 'Sum of the daily impressions (views) of the t days up to the day, of D - t.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.skipped_days IS 'Days of (D - t, D] without a figure.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.skipped_days_then IS 'Days of (D - 2t, D - t] without a figure.';
COMMENT ON COLUMN toba_cek_insta.user_insight_impressions_growth.absence IS 'Why growth is NULL; NULL where it is not.';

-- Reach and hours -----------------------------------------------------------------------------------------------------

CREATE TABLE toba_cek_insta.user_media_largest_reach (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    media_id text NOT NULL,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    reach_count bigint NOT NULL CHECK (reach_count >= 0),
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    media_count int NOT NULL CHECK (media_count > 0),
    skipped_media int NOT NULL CHECK (skipped_media BETWEEN 0 AND media_count - 1),
    UNIQUE (user_id, timeframe)
);
COMMENT ON TABLE toba_cek_insta.user_media_largest_reach IS 'The medium with the largest reach of those published in the last t days. Ties: the older, then the smaller id. No row: none is known.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_reach.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_reach.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_reach.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_reach.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_reach.reach_count IS 'Its reach.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_reach.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_reach.datestamp IS 'D: the local day of the account for which it holds.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_reach.media_count IS 'Media published in (D - t, D] and not deleted.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_reach.skipped_media IS 'Of these, media whose reach is not known.';

CREATE TABLE toba_cek_insta.user_insight_follower_online (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    hours int NOT NULL CHECK (hours BETWEEN 0 AND 23),
    val bigint NOT NULL CHECK (val >= 0),
    date_range text NOT NULL,
    updated_date timestamptz NOT NULL,
    day_count int NOT NULL CHECK (day_count > 0),
    UNIQUE (user_id, hours, date_range)
);
COMMENT ON TABLE toba_cek_insta.user_insight_follower_online IS 'Mean number of followers online by local hour, over the last 7 and the last 28 days. Meta counts hours in a zone that is not documented: taken as UTC-7.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online.hours IS 'Hour of the account''s local day.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online.val IS 'Followers online in that hour: the mean of the days with a figure, rounded.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online.date_range IS 'First and last local day, as an ISO 8601 interval (2026-06-14/2026-06-20).';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online.updated_date IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online.day_count IS 'Figures that the mean is of.';

CREATE TABLE toba_cek_insta.user_insight_follower_online_wording (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    highlight_wording text NOT NULL,
    highlight_type text NOT NULL CHECK (highlight_type IN ('best_hours', 'quiet_hours')),
    date_range date NOT NULL,
    lang text NOT NULL CHECK (lang IN ('id', 'en')),
    updated_date timestamptz NOT NULL,
    UNIQUE (user_id, date_range, lang, highlight_type)
);
COMMENT ON TABLE toba_cek_insta.user_insight_follower_online_wording IS 'When followers are online most and least, in a sentence, over the last 28 days.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online_wording.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online_wording.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online_wording.highlight_wording IS 'The sentence. It names the days and the zone.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online_wording.highlight_type IS 'best_hours or quiet_hours.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online_wording.date_range IS 'The local day of the account for which it holds.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online_wording.lang IS 'Language: id or en.';
COMMENT ON COLUMN toba_cek_insta.user_insight_follower_online_wording.updated_date IS 'When the row last changed.';

CREATE TABLE toba_cek_insta.user_insight_most_active_time (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL UNIQUE,
    waktu_paling_aktif timestamptz NOT NULL,
    value_paling_aktif bigint NOT NULL CHECK (value_paling_aktif >= 0),
    updated_date timestamptz NOT NULL
);
COMMENT ON TABLE toba_cek_insta.user_insight_most_active_time IS 'The best hour of the last Meta day with figures. In the seed it stands under the misleading name of another table.';
COMMENT ON COLUMN toba_cek_insta.user_insight_most_active_time.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_most_active_time.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_most_active_time.waktu_paling_aktif IS 'Start of the hour of the last day with figures in which most followers were online. Ties: the earlier.';
COMMENT ON COLUMN toba_cek_insta.user_insight_most_active_time.value_paling_aktif IS 'Followers online in that hour.';
COMMENT ON COLUMN toba_cek_insta.user_insight_most_active_time.updated_date IS 'When the row last changed.';
