-- Analytics (schema toba_cek_insta), first part: engagement of an account over 7 and 28 days, its media with the most and the least, and
-- its hashtags. Computed from schema instagram alone, so that every row can be made again.
--
-- Queries that need it: analyse (upserts by key, deletes of what no longer holds), serve (rows of an account by day).
--
-- A row's day D is a local day of the account; a timeframe t is 7 or 28 days. "As of D" is the last row with datestamp <= D.

CREATE SCHEMA toba_cek_insta;
COMMENT ON SCHEMA toba_cek_insta IS 'Analytics computed from schema instagram. Table and column names are a published contract, spelling included.';

CREATE TABLE toba_cek_insta.user_insight_engagement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    engagement bigint,
    likes_count bigint,
    comments_count bigint,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    datestamp date NOT NULL,
    updated_timestamp timestamptz NOT NULL,
    media_count int NOT NULL CHECK (media_count > 0),
    skipped_media int NOT NULL CHECK (skipped_media BETWEEN 0 AND media_count),
    skipped_likes int NOT NULL CHECK (skipped_likes BETWEEN skipped_media AND media_count),
    skipped_comments int NOT NULL CHECK (skipped_comments BETWEEN skipped_media AND media_count),
    absence instagram.absences,
    UNIQUE (user_id, timeframe, datestamp)
);

COMMENT ON TABLE toba_cek_insta.user_insight_engagement IS 'Likes and comments, as of D, of the media published in (D - t, D]. No row: nothing was published in that time.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.engagement IS 'likes_count + comments_count; what is known of them where one is NULL.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.likes_count IS 'Likes, summed over the media where they are known; NULL where they are of none.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.comments_count IS 'Comments, summed over the media where they are known; NULL where they are of none.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.datestamp IS 'D, a local day of the account.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.media_count IS 'Media published in (D - t, D] and not deleted on or before D; album children and ads'' copies do not count.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.skipped_media IS 'Of these, media without any reading as of D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.skipped_likes IS 'Of these, media whose likes are not known as of D (unread or hidden).';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.skipped_comments IS 'Of these, media whose comments are not known as of D.';
COMMENT ON COLUMN toba_cek_insta.user_insight_engagement.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

CREATE TABLE toba_cek_insta.user_media_largest_engagement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    media_id text NOT NULL,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    engagement_count bigint NOT NULL CHECK (engagement_count >= 0),
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    media_count int NOT NULL CHECK (media_count > 0),
    skipped_media int NOT NULL CHECK (skipped_media BETWEEN 0 AND media_count - 1),
    UNIQUE (user_id, timeframe)
);

COMMENT ON TABLE toba_cek_insta.user_media_largest_engagement IS 'The medium with the most likes + comments of those published in the last t days. Ties: the older, then the smaller id. No row: none is known.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_engagement.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_engagement.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_engagement.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_engagement.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_engagement.engagement_count IS 'Its likes + comments.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_engagement.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_engagement.datestamp IS 'D: the local day of the account for which it holds.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_engagement.media_count IS 'Media published in (D - t, D] and not deleted.';
COMMENT ON COLUMN toba_cek_insta.user_media_largest_engagement.skipped_media IS 'Of these, media left out because likes or comments are not known (unread or hidden).';

CREATE TABLE toba_cek_insta.user_media_smallest_engagement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    media_id text NOT NULL,
    timeframe int NOT NULL CHECK (timeframe IN (7, 28)),
    engagement_count bigint NOT NULL CHECK (engagement_count >= 0),
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    media_count int NOT NULL CHECK (media_count > 0),
    skipped_media int NOT NULL CHECK (skipped_media BETWEEN 0 AND media_count - 1),
    UNIQUE (user_id, timeframe)
);

COMMENT ON TABLE toba_cek_insta.user_media_smallest_engagement IS 'The medium with the least likes + comments of those published in the last t days. Ties: the older, then the smaller id. No row: none is known.';
COMMENT ON COLUMN toba_cek_insta.user_media_smallest_engagement.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_media_smallest_engagement.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_smallest_engagement.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN toba_cek_insta.user_media_smallest_engagement.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.user_media_smallest_engagement.engagement_count IS 'Its likes + comments.';
COMMENT ON COLUMN toba_cek_insta.user_media_smallest_engagement.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_media_smallest_engagement.datestamp IS 'D: the local day of the account for which it holds.';
COMMENT ON COLUMN toba_cek_insta.user_media_smallest_engagement.media_count IS 'Media published in (D - t, D] and not deleted.';
COMMENT ON COLUMN toba_cek_insta.user_media_smallest_engagement.skipped_media IS 'Of these, media left out because likes or comments are not known (unread or hidden).';

CREATE TABLE toba_cek_insta.user_hastags_metrics (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    hastag text NOT NULL,
    total_engagement bigint,
    post_count int NOT NULL CHECK (post_count >= 0),
    engagement_per_post double precision,
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    total_reach bigint,
    total_saved bigint,
    reach_per_post double precision,
    saved_per_post double precision,
    skipped_engagement int NOT NULL CHECK (skipped_engagement BETWEEN 0 AND post_count),
    skipped_reach int NOT NULL CHECK (skipped_reach BETWEEN 0 AND post_count),
    skipped_saved int NOT NULL CHECK (skipped_saved BETWEEN 0 AND post_count),
    absence instagram.absences,
    UNIQUE (user_id, hastag, datestamp)
);

COMMENT ON TABLE toba_cek_insta.user_hastags_metrics IS 'Figures of each hashtag as of D, over all media with it that were published up to D. A row only for a D on which it changed: see user_hastags_metrics_carried.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.hastag IS 'Hashtag, lower case, without the # sign.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.total_engagement IS 'Likes + comments, summed over the media where both are known.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.post_count IS 'Media with the hashtag published up to D and not deleted on or before D.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.engagement_per_post IS 'total_engagement / media where it is known.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.datestamp IS 'D, a local day of the account.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.total_reach IS 'Reach, summed over the media where it is known (people are counted once for each medium).';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.total_saved IS 'Times saved, summed over the media where it is known.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.reach_per_post IS 'total_reach / media where it is known.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.saved_per_post IS 'total_saved / media where it is known.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.skipped_engagement IS 'Media whose likes or comments are not known as of D (unread or hidden).';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.skipped_reach IS 'Media whose reach is not known as of D.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.skipped_saved IS 'Media whose saves are not known as of D.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

CREATE TABLE toba_cek_insta.user_hastags_metrics_distribution (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    media_id text NOT NULL,
    hastag text NOT NULL,
    media_timestamp timestamptz NOT NULL,
    engagement bigint,
    reach bigint,
    impressions bigint,
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    comments_count bigint,
    like_count bigint,
    absence instagram.absences,
    UNIQUE (media_id, hastag, media_timestamp, datestamp)
);

-- For the rows of an account from a day on.
CREATE INDEX user_hastags_metrics_distribution_user_id
ON toba_cek_insta.user_hastags_metrics_distribution (user_id, datestamp);

COMMENT ON TABLE toba_cek_insta.user_hastags_metrics_distribution IS 'Figures of each medium with a hashtag as of D. A row only for a D on which they changed: see user_hastags_metrics_distribution_carried.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.id IS 'Surrogate key.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.hastag IS 'Hashtag, lower case, without the # sign.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.media_timestamp IS 'When the medium was published.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.engagement IS 'like_count + comments_count; NULL where one of them is.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.reach IS 'People reached.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.impressions IS 'Views; of media read before views existed, impressions.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.datestamp IS 'D, a local day of the account.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.comments_count IS 'Comments.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.like_count IS 'Likes.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

-- What held on a day d: datestamp <= d AND (carried_until IS NULL OR d < carried_until).

CREATE VIEW toba_cek_insta.user_hastags_metrics_carried AS
SELECT
    user_id,
    hastag,
    datestamp,
    lead(datestamp) OVER (PARTITION BY user_id, hastag ORDER BY datestamp) AS carried_until,
    total_engagement,
    post_count,
    engagement_per_post,
    total_reach,
    total_saved,
    reach_per_post,
    saved_per_post,
    skipped_engagement,
    skipped_reach,
    skipped_saved,
    absence,
    updated_timestamp
FROM toba_cek_insta.user_hastags_metrics;

COMMENT ON VIEW toba_cek_insta.user_hastags_metrics_carried IS 'user_hastags_metrics carried forward: each row holds from datestamp until the day before carried_until.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.hastag IS 'Hashtag.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.datestamp IS 'First day on which the row holds.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.carried_until IS 'First day on which it no longer holds; NULL: it still does.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.total_engagement IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.post_count IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.engagement_per_post IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.total_reach IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.total_saved IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.reach_per_post IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.saved_per_post IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.skipped_engagement IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.skipped_reach IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.skipped_saved IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.absence IS 'As in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_carried.updated_timestamp IS 'As in user_hastags_metrics.';

CREATE VIEW toba_cek_insta.user_hastags_metrics_distribution_carried AS
SELECT
    user_id,
    media_id,
    hastag,
    media_timestamp,
    datestamp,
    lead(datestamp) OVER (PARTITION BY media_id, hastag, media_timestamp ORDER BY datestamp) AS carried_until,
    engagement,
    reach,
    impressions,
    comments_count,
    like_count,
    absence,
    updated_timestamp
FROM toba_cek_insta.user_hastags_metrics_distribution;

COMMENT ON VIEW toba_cek_insta.user_hastags_metrics_distribution_carried IS 'user_hastags_metrics_distribution carried forward: each row holds from datestamp until the day before carried_until.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.hastag IS 'Hashtag.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.media_timestamp IS 'When the medium was published.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.datestamp IS 'First day on which the row holds.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.carried_until IS 'First day on which it no longer holds; NULL: the latest. A medium deleted later has no further row: see instagram.media.deleted_at.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.engagement IS 'As in user_hastags_metrics_distribution.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.reach IS 'As in user_hastags_metrics_distribution.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.impressions IS 'As in user_hastags_metrics_distribution.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.comments_count IS 'As in user_hastags_metrics_distribution.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.like_count IS 'As in user_hastags_metrics_distribution.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.absence IS 'As in user_hastags_metrics_distribution.';
COMMENT ON COLUMN toba_cek_insta.user_hastags_metrics_distribution_carried.updated_timestamp IS 'As in user_hastags_metrics_distribution.';
