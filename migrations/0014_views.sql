-- What people and other tools ask of the analytics: views of schema toba_cek_insta, and a role that may read them.
--
-- Queries that need it: serve (an account and a range of days), tools that people bring (deploy/sql.md), analyse (nothing).
--
-- The views are an interface: their names, columns and meanings stay; what is added raises interface_version.
-- A row is of an account (user_id) and mostly of a day (datestamp), by which it is asked for: then every part of it is found by an
-- index. What is not known is NULL, and absence says why. Unique people are never added up over days.

-- For the newest list up to a day.
CREATE INDEX user_insight_audience_city_end_time
ON instagram.user_insight_audience_city (user_id, timeframe, end_time);
CREATE INDEX user_insight_audience_country_end_time
ON instagram.user_insight_audience_country (user_id, timeframe, end_time);
CREATE INDEX user_insight_audience_gender_age_end_time
ON instagram.user_insight_audience_gender_age (user_id, timeframe, end_time);

ALTER TABLE instagram.media ADD COLUMN media_hastag_shown text;
COMMENT ON COLUMN instagram.media.media_hastag IS 'Hashtags of the caption as they are compared, separated by spaces. Source: parsed from the caption.';
COMMENT ON COLUMN instagram.media.media_hastag_shown IS 'The same hashtags in the same order, as the caption shows them. Source: parsed from the caption; NULL where it was parsed before this was kept.';

-- OFFSET 0 keeps it a look-up of each post's parts, however many media of others there are.
CREATE OR REPLACE VIEW pipeline.post_part AS
SELECT post.user_id, post.media_id AS post_id, post.deleted_on, post.media_id AS part_id
FROM pipeline.analysed_media AS post
UNION ALL
SELECT post.user_id, post.media_id, post.deleted_on, part.id
FROM pipeline.analysed_media AS post
CROSS JOIN LATERAL (
    SELECT held.id
    FROM instagram.media AS held
    WHERE coalesce(held.original_media_id, held.parent_id) = post.media_id
    OFFSET 0
) AS part;

CREATE VIEW toba_cek_insta.interface_version AS
SELECT 1 AS version;
COMMENT ON VIEW toba_cek_insta.interface_version IS 'Version of the views. A larger one has more columns or views; none is ever renamed or taken away.';
COMMENT ON COLUMN toba_cek_insta.interface_version.version IS 'The version.';

-- Days and posts ------------------------------------------------------------------------------------------------------

CREATE VIEW toba_cek_insta.account_day AS
SELECT known.user_id, day.d::date AS datestamp
FROM (
    SELECT
        account.account_id AS user_id,
        least(
            (SELECT min(datestamp) FROM instagram.user_data WHERE user_id = account.account_id),
            (
                SELECT min(datestamp) FROM toba_cek_insta.user_insight_engagement
                WHERE user_id = account.account_id AND timeframe = 28
            ),
            (SELECT min(date_stamp) FROM toba_cek_insta.user_insight_sentiment WHERE user_id = account.account_id),
            (
                SELECT min(date_stamp) FROM toba_cek_insta.user_insight_reach_growth
                WHERE user_id = account.account_id AND timeframe = 7
            ),
            (
                SELECT min(date_stamp) FROM toba_cek_insta.user_insight_reach_growth
                WHERE user_id = account.account_id AND timeframe = 28
            ),
            (
                SELECT min(date_stamp) FROM toba_cek_insta.user_insight_impressions_growth
                WHERE user_id = account.account_id AND timeframe = 28
            )
        ) AS first,
        greatest(
            (SELECT max(datestamp) FROM instagram.user_data WHERE user_id = account.account_id),
            (
                SELECT max(datestamp) FROM toba_cek_insta.user_insight_engagement
                WHERE user_id = account.account_id AND timeframe = 28
            ),
            (SELECT max(date_stamp) FROM toba_cek_insta.user_insight_sentiment WHERE user_id = account.account_id),
            (
                SELECT max(date_stamp) FROM toba_cek_insta.user_insight_reach_growth
                WHERE user_id = account.account_id AND timeframe = 7
            ),
            (
                SELECT max(date_stamp) FROM toba_cek_insta.user_insight_reach_growth
                WHERE user_id = account.account_id AND timeframe = 28
            ),
            (
                SELECT max(date_stamp) FROM toba_cek_insta.user_insight_impressions_growth
                WHERE user_id = account.account_id AND timeframe = 28
            )
        ) AS last
    FROM pipeline.analysed_account AS account
) AS known
CROSS JOIN LATERAL generate_series(known.first::timestamp, known.last::timestamp, interval '1 day') AS day (d);
COMMENT ON VIEW toba_cek_insta.account_day IS 'Every day of each analysed account, from the first of which anything is known to the last, those in between included.';
COMMENT ON COLUMN toba_cek_insta.account_day.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.account_day.datestamp IS 'The day.';

CREATE VIEW toba_cek_insta.post AS
SELECT
    held.user_id,
    held.media_id,
    held.published_at,
    held.published_on,
    held.deleted_on,
    medium.format,
    medium.permalink,
    medium.caption
FROM pipeline.analysed_media AS held
-- OFFSET 0 keeps it a look-up of each.
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN told.media_product_type = 'STORY' THEN 'stories'
            WHEN told.media_product_type = 'REELS' THEN 'reels'
            WHEN told.media_product_type = 'FEED' AND told.media_type = 'CAROUSEL_ALBUM' THEN 'carousels'
            WHEN told.media_product_type = 'FEED' AND told.media_type IS NOT NULL THEN 'feed'
            ELSE 'unknown'
        END AS format,
        told.permalink,
        told.caption
    FROM instagram.media AS told
    WHERE told.id = held.media_id
    OFFSET 0
) AS medium;
COMMENT ON VIEW toba_cek_insta.post IS 'The media that count in an account''s analytics: its own, without the children of albums and the copies that ads make.';
COMMENT ON COLUMN toba_cek_insta.post.user_id IS 'instagram.user.id of the owner.';
COMMENT ON COLUMN toba_cek_insta.post.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN toba_cek_insta.post.published_at IS 'When it was published.';
COMMENT ON COLUMN toba_cek_insta.post.published_on IS 'Local day of the account on which it was published.';
COMMENT ON COLUMN toba_cek_insta.post.deleted_on IS 'Local day from which it no longer counts; NULL: it still does.';
COMMENT ON COLUMN toba_cek_insta.post.format IS 'feed (single pictures and videos), reels, stories, carousels; unknown until it is read.';
COMMENT ON COLUMN toba_cek_insta.post.permalink IS 'Its address on Instagram.';
COMMENT ON COLUMN toba_cek_insta.post.caption IS 'Its caption.';

-- An account ----------------------------------------------------------------------------------------------------------

CREATE VIEW toba_cek_insta.account_overview AS
SELECT
    day.user_id,
    account.username,
    day.datestamp,
    frame.days AS timeframe,
    day.datestamp - frame.days AS previous_datestamp,
    followers.followers_count,
    followers_then.followers_count AS followers_count_previous,
    followers_growth.growth AS followers_growth,
    reach.value_now AS reach,
    reach_then.value_now AS reach_previous,
    reach.growth AS reach_growth,
    views.value_now AS views,
    views_then.value_now AS views_previous,
    views.growth AS views_growth,
    coalesce(views.skipped_days, frame.days) AS views_skipped_days,
    visits.profile_views,
    visits_then.profile_views AS profile_views_previous,
    frame.days - visits.known_days AS profile_views_skipped_days,
    coalesce(engagement.media_count, 0) AS media_count,
    coalesce(engagement_then.media_count, 0) AS media_count_previous,
    coalesce(engagement.skipped_media, 0) AS skipped_media,
    engagement.engagement,
    engagement_then.engagement AS engagement_previous,
    engagement_growth.growth AS engagement_growth,
    engagement.likes_count,
    engagement.comments_count,
    rate.value_now AS engagement_rate,
    rate_then.value_now AS engagement_rate_previous,
    rate.growth AS engagement_rate_growth,
    felt.pos AS sentiment_pos,
    felt.neu AS sentiment_neu,
    felt.neg AS sentiment_neg,
    (felt.pos - felt.neg)::double precision / nullif(felt.pos + felt.neu + felt.neg, 0) AS sentiment_balance,
    (felt_then.pos - felt_then.neg)::double precision
    / nullif(felt_then.pos + felt_then.neu + felt_then.neg, 0) AS sentiment_balance_previous,
    felt_growth.pos AS sentiment_pos_growth,
    felt_growth.neu AS sentiment_neu_growth,
    felt_growth.neg AS sentiment_neg_growth,
    stories.published AS stories_published,
    stories.saved AS stories_saved,
    stories.lost AS stories_lost,
    stories_then.published AS stories_published_previous,
    stories_then.saved AS stories_saved_previous,
    nullif(
        jsonb_strip_nulls(
            jsonb_build_object(
                'followers_count', CASE
                    WHEN followers.followers_count IS NULL
                        THEN coalesce(followers.absence ->> 'followers_count', 'no_data')
                END,
                'followers_count_previous', CASE
                    WHEN followers_then.followers_count IS NULL
                        THEN coalesce(followers_then.absence ->> 'followers_count', 'no_data')
                END,
                'followers_growth',
                CASE WHEN followers_growth.growth IS NULL THEN coalesce(followers_growth.absence, 'no_data') END,
                'reach', CASE WHEN reach.value_now IS NULL THEN coalesce(reach.absence, 'no_data') END,
                'reach_previous',
                CASE WHEN reach_then.value_now IS NULL THEN coalesce(reach_then.absence, 'no_data') END,
                'reach_growth', CASE WHEN reach.growth IS NULL THEN coalesce(reach.absence, 'no_data') END,
                'views', CASE WHEN views.value_now IS NULL THEN coalesce(views.absence, 'no_data') END,
                'views_previous',
                CASE WHEN views_then.value_now IS NULL THEN coalesce(views_then.absence, 'no_data') END,
                'views_growth', CASE WHEN views.growth IS NULL THEN coalesce(views.absence, 'no_data') END,
                'profile_views', CASE WHEN visits.known_days = 0 THEN coalesce(visits.absence, 'no_data') END
            )
            || jsonb_build_object(
                'profile_views_previous',
                CASE WHEN visits_then.known_days = 0 THEN coalesce(visits_then.absence, 'no_data') END,
                'engagement', CASE
                    WHEN engagement.engagement IS NULL
                        THEN coalesce(engagement.absence ->> 'engagement', 'no_data')
                END,
                'engagement_previous', CASE
                    WHEN engagement_then.engagement IS NULL
                        THEN coalesce(engagement_then.absence ->> 'engagement', 'no_data')
                END,
                'engagement_growth', CASE
                    WHEN engagement_growth.growth IS NULL THEN coalesce(engagement_growth.absence, 'no_data')
                END,
                'likes_count', CASE
                    WHEN engagement.likes_count IS NULL
                        THEN coalesce(engagement.absence ->> 'likes_count', 'no_data')
                END,
                'comments_count', CASE
                    WHEN engagement.comments_count IS NULL
                        THEN coalesce(engagement.absence ->> 'comments_count', 'no_data')
                END,
                'engagement_rate', CASE WHEN rate.value_now IS NULL THEN coalesce(rate.absence, 'no_data') END,
                'engagement_rate_previous',
                CASE WHEN rate_then.value_now IS NULL THEN coalesce(rate_then.absence, 'no_data') END,
                'engagement_rate_growth', CASE WHEN rate.growth IS NULL THEN coalesce(rate.absence, 'no_data') END
            )
            || jsonb_build_object(
                'sentiment_pos', CASE WHEN felt.pos IS NULL THEN 'no_data' END,
                'sentiment_neu', CASE WHEN felt.neu IS NULL THEN 'no_data' END,
                'sentiment_neg', CASE WHEN felt.neg IS NULL THEN 'no_data' END,
                'sentiment_balance', CASE WHEN coalesce(felt.pos + felt.neu + felt.neg, 0) = 0 THEN 'no_data' END,
                'sentiment_balance_previous',
                CASE WHEN coalesce(felt_then.pos + felt_then.neu + felt_then.neg, 0) = 0 THEN 'no_data' END,
                'sentiment_pos_growth',
                CASE WHEN felt_growth.pos IS NULL THEN coalesce(felt_growth.absence, 'no_data') END,
                'sentiment_neu_growth',
                CASE WHEN felt_growth.neu IS NULL THEN coalesce(felt_growth.absence, 'no_data') END,
                'sentiment_neg_growth',
                CASE WHEN felt_growth.neg IS NULL THEN coalesce(felt_growth.absence, 'no_data') END
            )
        ),
        '{}'
    ) AS absence
FROM toba_cek_insta.account_day AS day
CROSS JOIN (VALUES (7), (28)) AS frame (days)
LEFT JOIN instagram."user" AS account ON account.id = day.user_id
LEFT JOIN instagram.user_data AS followers
    ON followers.user_id = day.user_id AND followers.datestamp = day.datestamp
LEFT JOIN instagram.user_data AS followers_then
    ON followers_then.user_id = day.user_id AND followers_then.datestamp = day.datestamp - frame.days
LEFT JOIN toba_cek_insta.user_insight_follower_growth AS followers_growth
    ON
        followers_growth.user_id = day.user_id
        AND followers_growth.timeframe = frame.days
        AND followers_growth.date_stamp = day.datestamp
LEFT JOIN toba_cek_insta.user_insight_reach_growth AS reach
    ON reach.user_id = day.user_id AND reach.timeframe = frame.days AND reach.date_stamp = day.datestamp
LEFT JOIN toba_cek_insta.user_insight_reach_growth AS reach_then
    ON
        reach_then.user_id = day.user_id
        AND reach_then.timeframe = frame.days
        AND reach_then.date_stamp = day.datestamp - frame.days
LEFT JOIN toba_cek_insta.user_insight_impressions_growth AS views
    ON views.user_id = day.user_id AND views.timeframe = frame.days AND views.date_stamp = day.datestamp
LEFT JOIN toba_cek_insta.user_insight_impressions_growth AS views_then
    ON
        views_then.user_id = day.user_id
        AND views_then.timeframe = frame.days
        AND views_then.date_stamp = day.datestamp - frame.days
LEFT JOIN toba_cek_insta.user_insight_engagement AS engagement
    ON
        engagement.user_id = day.user_id
        AND engagement.timeframe = frame.days
        AND engagement.datestamp = day.datestamp
LEFT JOIN toba_cek_insta.user_insight_engagement AS engagement_then
    ON
        engagement_then.user_id = day.user_id
        AND engagement_then.timeframe = frame.days
        AND engagement_then.datestamp = day.datestamp - frame.days
LEFT JOIN toba_cek_insta.user_insight_engagement_growth AS engagement_growth
    ON
        engagement_growth.user_id = day.user_id
        AND engagement_growth.timeframe = frame.days
        AND engagement_growth.datestamp = day.datestamp
LEFT JOIN toba_cek_insta.user_insight_engagement_rate_growth AS rate
    ON rate.user_id = day.user_id AND rate.timeframe = frame.days AND rate.datestamp = day.datestamp
LEFT JOIN toba_cek_insta.user_insight_engagement_rate_growth AS rate_then
    ON
        rate_then.user_id = day.user_id
        AND rate_then.timeframe = frame.days
        AND rate_then.datestamp = day.datestamp - frame.days
LEFT JOIN toba_cek_insta.user_insight_sentiment AS felt
    ON felt.user_id = day.user_id AND felt.date_stamp = day.datestamp
LEFT JOIN toba_cek_insta.user_insight_sentiment AS felt_then
    ON felt_then.user_id = day.user_id AND felt_then.date_stamp = day.datestamp - frame.days
LEFT JOIN toba_cek_insta.user_insight_sentiment_growth AS felt_growth
    ON
        felt_growth.user_id = day.user_id
        AND felt_growth.timeframe = frame.days
        AND felt_growth.date_stamp = day.datestamp
-- Views of a profile are no unique people: their days add up.
CROSS JOIN LATERAL (
    SELECT
        sum(visitor.value)::bigint AS profile_views,
        count(visitor.value)::int AS known_days,
        max(visitor.absence) AS absence
    FROM instagram.user_insight_visitor AS visitor
    WHERE
        visitor.user_id = day.user_id
        AND visitor.datestamp > day.datestamp - frame.days
        AND visitor.datestamp <= day.datestamp
) AS visits
CROSS JOIN LATERAL (
    SELECT
        sum(visitor.value)::bigint AS profile_views,
        count(visitor.value)::int AS known_days,
        max(visitor.absence) AS absence
    FROM instagram.user_insight_visitor AS visitor
    WHERE
        visitor.user_id = day.user_id
        AND visitor.datestamp > day.datestamp - 2 * frame.days
        AND visitor.datestamp <= day.datestamp - frame.days
) AS visits_then
CROSS JOIN LATERAL (
    SELECT
        count(*)::int AS published,
        count(*) FILTER (WHERE kept.is_saved)::int AS saved,
        count(*) FILTER (WHERE story.lost_at IS NOT NULL AND NOT kept.is_saved)::int AS lost
    FROM pipeline.analysed_media AS held
    INNER JOIN instagram.media AS story ON story.id = held.media_id AND story.media_product_type = 'STORY'
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM instagram.media_insight AS insight
            WHERE insight.media_id = held.media_id AND insight.value IS NOT NULL
        ) AS is_saved
    ) AS kept
    WHERE
        held.user_id = day.user_id
        AND held.published_on > day.datestamp - frame.days
        AND held.published_on <= day.datestamp
) AS stories
CROSS JOIN LATERAL (
    SELECT
        count(*)::int AS published,
        count(*) FILTER (WHERE kept.is_saved)::int AS saved
    FROM pipeline.analysed_media AS held
    INNER JOIN instagram.media AS story ON story.id = held.media_id AND story.media_product_type = 'STORY'
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM instagram.media_insight AS insight
            WHERE insight.media_id = held.media_id AND insight.value IS NOT NULL
        ) AS is_saved
    ) AS kept
    WHERE
        held.user_id = day.user_id
        AND held.published_on > day.datestamp - 2 * frame.days
        AND held.published_on <= day.datestamp - frame.days
) AS stories_then;
COMMENT ON VIEW toba_cek_insta.account_overview IS 'One row for each account, day D and timeframe t of 7 or 28 days, with the period before beside it.';
COMMENT ON COLUMN toba_cek_insta.account_overview.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.account_overview.username IS 'Present user name.';
COMMENT ON COLUMN toba_cek_insta.account_overview.datestamp IS 'D: the last day of the period (D - t, D].';
COMMENT ON COLUMN toba_cek_insta.account_overview.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.account_overview.previous_datestamp IS 'D - t: the last day of the period before, of which the columns ending in _previous are.';
COMMENT ON COLUMN toba_cek_insta.account_overview.followers_count IS 'Followers in the snapshot of D.';
COMMENT ON COLUMN toba_cek_insta.account_overview.followers_count_previous IS 'Followers in the snapshot of D - t.';
COMMENT ON COLUMN toba_cek_insta.account_overview.followers_growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.account_overview.reach IS 'Different people reached in the period, as Meta counts them over all of it: never a sum of days.';
COMMENT ON COLUMN toba_cek_insta.account_overview.reach_previous IS 'The same of the period before.';
COMMENT ON COLUMN toba_cek_insta.account_overview.reach_growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.account_overview.views IS 'Sum of the daily views; of days before views existed, impressions. NULL with metric_changed where the period holds both.';
COMMENT ON COLUMN toba_cek_insta.account_overview.views_previous IS 'The same of the period before.';
COMMENT ON COLUMN toba_cek_insta.account_overview.views_growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.account_overview.views_skipped_days IS 'Days of the period of which views are not known.';
COMMENT ON COLUMN toba_cek_insta.account_overview.profile_views IS 'Sum of the daily views of the profile.';
COMMENT ON COLUMN toba_cek_insta.account_overview.profile_views_previous IS 'The same of the period before.';
COMMENT ON COLUMN toba_cek_insta.account_overview.profile_views_skipped_days IS 'Days of the period of which profile views are not known.';
COMMENT ON COLUMN toba_cek_insta.account_overview.media_count IS 'Media published in the period and not deleted, as far as they are known.';
COMMENT ON COLUMN toba_cek_insta.account_overview.media_count_previous IS 'The same of the period before.';
COMMENT ON COLUMN toba_cek_insta.account_overview.skipped_media IS 'Of media_count, those without any reading of likes or comments as of D.';
COMMENT ON COLUMN toba_cek_insta.account_overview.engagement IS 'Likes + comments, as of D, of the media published in the period. NULL with no_data where there are none.';
COMMENT ON COLUMN toba_cek_insta.account_overview.engagement_previous IS 'The same of the period before, as of D - t.';
COMMENT ON COLUMN toba_cek_insta.account_overview.engagement_growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.account_overview.likes_count IS 'Likes in engagement.';
COMMENT ON COLUMN toba_cek_insta.account_overview.comments_count IS 'Comments in engagement.';
COMMENT ON COLUMN toba_cek_insta.account_overview.engagement_rate IS 'engagement / followers_count.';
COMMENT ON COLUMN toba_cek_insta.account_overview.engagement_rate_previous IS 'The same of the period before.';
COMMENT ON COLUMN toba_cek_insta.account_overview.engagement_rate_growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.account_overview.sentiment_pos IS 'Positive comments that count on D, of all time: made up to D, not deleted, not the account''s own.';
COMMENT ON COLUMN toba_cek_insta.account_overview.sentiment_neu IS 'Neutral ones.';
COMMENT ON COLUMN toba_cek_insta.account_overview.sentiment_neg IS 'Negative ones.';
COMMENT ON COLUMN toba_cek_insta.account_overview.sentiment_balance IS '(positive - negative) / all, of the comments that count on D: from -1 to 1.';
COMMENT ON COLUMN toba_cek_insta.account_overview.sentiment_balance_previous IS 'The same on D - t.';
COMMENT ON COLUMN toba_cek_insta.account_overview.sentiment_pos_growth IS 'Positive comments on D less those on D - t: a difference, not a ratio.';
COMMENT ON COLUMN toba_cek_insta.account_overview.sentiment_neu_growth IS 'The same of neutral ones.';
COMMENT ON COLUMN toba_cek_insta.account_overview.sentiment_neg_growth IS 'The same of negative ones.';
COMMENT ON COLUMN toba_cek_insta.account_overview.stories_published IS 'Stories published in the period, as far as they are known.';
COMMENT ON COLUMN toba_cek_insta.account_overview.stories_saved IS 'Of these, stories of which at least one figure is kept.';
COMMENT ON COLUMN toba_cek_insta.account_overview.stories_lost IS 'Of these, stories that went before any figure was kept.';
COMMENT ON COLUMN toba_cek_insta.account_overview.stories_published_previous IS 'Stories published in the period before.';
COMMENT ON COLUMN toba_cek_insta.account_overview.stories_saved_previous IS 'Of these, stories of which at least one figure is kept.';
COMMENT ON COLUMN toba_cek_insta.account_overview.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

-- Posts compared ------------------------------------------------------------------------------------------------------

CREATE VIEW toba_cek_insta.format_performance AS
SELECT
    day.user_id,
    day.datestamp,
    frame.days AS timeframe,
    post.format,
    count(*)::int AS posts,
    sum(reach.value)::double precision / nullif(count(reach.value), 0) AS reach_per_post,
    max(reach.value) AS largest_reach,
    (count(*) - count(reach.value))::int AS skipped_reach,
    sum(seen.value)::bigint AS views,
    sum(seen.value)::double precision / nullif(count(seen.value), 0) AS views_per_post,
    (count(*) - count(seen.value))::int AS skipped_views,
    sum(counts.like_count + counts.comments_count)::bigint AS engagement,
    sum(counts.like_count + counts.comments_count)::double precision
    / nullif(count(counts.like_count + counts.comments_count), 0) AS engagement_per_post,
    (count(*) - count(counts.like_count + counts.comments_count))::int AS skipped_engagement,
    sum(acted.value)::bigint AS interactions,
    sum(acted.value)::double precision / nullif(count(acted.value), 0) AS interactions_per_post,
    (count(*) - count(acted.value))::int AS skipped_interactions,
    nullif(
        jsonb_strip_nulls(
            jsonb_build_object(
                'reach_per_post',
                CASE WHEN count(reach.value) = 0 THEN coalesce(max(reach_reason.absence::text), 'no_data') END,
                'largest_reach',
                CASE WHEN count(reach.value) = 0 THEN coalesce(max(reach_reason.absence::text), 'no_data') END,
                'views', CASE WHEN count(seen.value) = 0 THEN 'no_data' END,
                'views_per_post', CASE WHEN count(seen.value) = 0 THEN 'no_data' END,
                'engagement', CASE
                    WHEN count(counts.like_count + counts.comments_count) = 0
                        THEN coalesce(max(counts.absence ->> 'like_count'), 'no_data')
                END,
                'engagement_per_post', CASE
                    WHEN count(counts.like_count + counts.comments_count) = 0
                        THEN coalesce(max(counts.absence ->> 'like_count'), 'no_data')
                END,
                'interactions', CASE WHEN count(acted.value) = 0 THEN 'no_data' END,
                'interactions_per_post', CASE WHEN count(acted.value) = 0 THEN 'no_data' END
            )
        ),
        '{}'
    ) AS absence
FROM toba_cek_insta.account_day AS day
CROSS JOIN (VALUES (7), (28)) AS frame (days)
-- OFFSET 0 keeps it a range of the index for each day, however much the planner believes that it will find.
CROSS JOIN LATERAL (
    SELECT held.media_id, held.format
    FROM toba_cek_insta.post AS held
    WHERE
        held.user_id = day.user_id
        AND held.published_on > day.datestamp - frame.days
        AND held.published_on <= day.datestamp
        AND (held.deleted_on IS NULL OR held.deleted_on > day.datestamp)
    OFFSET 0
) AS post
LEFT JOIN LATERAL pipeline.counts_as_of(post.media_id, day.datestamp) AS counts ON TRUE
LEFT JOIN LATERAL pipeline.figure_as_of(post.media_id, 'reach', day.datestamp) AS reach ON TRUE
LEFT JOIN LATERAL pipeline.absence_as_of(post.media_id, 'reach', day.datestamp) AS reach_reason
    ON reach.value IS NULL
LEFT JOIN LATERAL pipeline.figure_as_of(post.media_id, 'views', day.datestamp) AS views ON TRUE
LEFT JOIN LATERAL pipeline.figure_as_of(post.media_id, 'impressions', day.datestamp) AS impressions
    ON views.value IS NULL
CROSS JOIN LATERAL (SELECT coalesce(views.value, impressions.value) AS value) AS seen
LEFT JOIN LATERAL pipeline.figure_as_of(post.media_id, 'total_interactions', day.datestamp) AS acted ON TRUE
GROUP BY day.user_id, day.datestamp, frame.days, post.format;
COMMENT ON VIEW toba_cek_insta.format_performance IS 'Formats compared, as of D: the media published in (D - t, D] and not deleted, by format. No row: none of that format was published. Means are over the posts where the figure is known.';
COMMENT ON COLUMN toba_cek_insta.format_performance.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.format_performance.datestamp IS 'D, a local day of the account.';
COMMENT ON COLUMN toba_cek_insta.format_performance.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.format_performance.format IS 'feed, reels, stories, carousels; unknown: posts that were not read yet.';
COMMENT ON COLUMN toba_cek_insta.format_performance.posts IS 'How many there are.';
COMMENT ON COLUMN toba_cek_insta.format_performance.reach_per_post IS 'Mean reach of a post. There is no sum: the posts reach the same people.';
COMMENT ON COLUMN toba_cek_insta.format_performance.largest_reach IS 'Reach of the post with the largest.';
COMMENT ON COLUMN toba_cek_insta.format_performance.skipped_reach IS 'Posts whose reach is not known.';
COMMENT ON COLUMN toba_cek_insta.format_performance.views IS 'Views; of posts read before views existed, impressions.';
COMMENT ON COLUMN toba_cek_insta.format_performance.views_per_post IS 'Mean of them.';
COMMENT ON COLUMN toba_cek_insta.format_performance.skipped_views IS 'Posts whose views are not known.';
COMMENT ON COLUMN toba_cek_insta.format_performance.engagement IS 'Likes + comments, over the posts where both are known. Stories mostly have neither: compare them by interactions.';
COMMENT ON COLUMN toba_cek_insta.format_performance.engagement_per_post IS 'Mean of it.';
COMMENT ON COLUMN toba_cek_insta.format_performance.skipped_engagement IS 'Posts whose likes or comments are not known (unread or hidden).';
COMMENT ON COLUMN toba_cek_insta.format_performance.interactions IS 'Total interactions as Meta counts them: likes, comments, saves, shares and replies, less those taken back.';
COMMENT ON COLUMN toba_cek_insta.format_performance.interactions_per_post IS 'Mean of them.';
COMMENT ON COLUMN toba_cek_insta.format_performance.skipped_interactions IS 'Posts whose interactions are not known.';
COMMENT ON COLUMN toba_cek_insta.format_performance.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

CREATE VIEW toba_cek_insta.story_performance AS
SELECT
    story.user_id,
    story.media_id,
    story.published_at,
    story.published_on,
    story.published_at + interval '24 hours' AS expires_at,
    story.deleted_on,
    medium.permalink,
    CASE WHEN figure.known > 0 THEN 'saved' WHEN fate.is_lost THEN 'lost' ELSE 'open' END AS state,
    figure.saved_by,
    figure.saved_at,
    medium.lost_at,
    seen.views,
    figure.reach,
    figure.replies,
    figure.shares,
    figure.follows,
    figure.profile_visits,
    figure.interactions,
    moved.origin AS navigation_source,
    moved.taps_forward,
    moved.taps_back,
    moved.exits,
    moved.swipes_forward,
    rate.completion_rate,
    rate.exit_rate,
    rate.reply_rate,
    nullif(
        jsonb_strip_nulls(
            jsonb_build_object(
                'views',
                CASE
                    WHEN seen.views IS NULL
                        THEN coalesce(figure.absences ->> 'views', figure.absences ->> 'impressions', other.reason)
                END,
                'reach', CASE WHEN figure.reach IS NULL THEN coalesce(figure.absences ->> 'reach', other.reason) END,
                'replies',
                CASE WHEN figure.replies IS NULL THEN coalesce(figure.absences ->> 'replies', other.reason) END,
                'shares', CASE WHEN figure.shares IS NULL THEN coalesce(figure.absences ->> 'shares', other.reason) END,
                'follows',
                CASE WHEN figure.follows IS NULL THEN coalesce(figure.absences ->> 'follows', other.reason) END,
                'profile_visits', CASE
                    WHEN figure.profile_visits IS NULL
                        THEN coalesce(figure.absences ->> 'profile_visits', other.reason)
                END,
                'interactions', CASE
                    WHEN figure.interactions IS NULL
                        THEN coalesce(figure.absences ->> 'total_interactions', other.reason)
                END,
                'taps_forward', CASE
                    WHEN moved.taps_forward IS NULL
                        THEN
                            coalesce(
                                figure.absences ->> 'navigation', figure.absences ->> 'taps_forward', other.reason
                            )
                END,
                'taps_back', CASE
                    WHEN moved.taps_back IS NULL
                        THEN
                            coalesce(figure.absences ->> 'navigation', figure.absences ->> 'taps_back', other.reason)
                END,
                'exits', CASE
                    WHEN moved.exits IS NULL
                        THEN coalesce(figure.absences ->> 'navigation', figure.absences ->> 'exits', other.reason)
                END,
                'swipes_forward', CASE
                    WHEN moved.swipes_forward IS NULL AND moved.origin = 'webhook' THEN 'unsupported'
                    WHEN moved.swipes_forward IS NULL
                        THEN coalesce(figure.absences ->> 'navigation', other.reason)
                END,
                'completion_rate', CASE
                    WHEN rate.completion_rate IS NULL
                        THEN
                            coalesce(
                                figure.absences ->> 'navigation', figure.absences ->> 'taps_forward',
                                figure.absences ->> 'exits', other.reason
                            )
                END,
                'exit_rate', CASE
                    WHEN rate.exit_rate IS NULL
                        THEN coalesce(figure.absences ->> 'navigation', figure.absences ->> 'exits', other.reason)
                END,
                'reply_rate', CASE
                    WHEN rate.reply_rate IS NULL
                        THEN coalesce(figure.absences ->> 'replies', figure.absences ->> 'reach', other.reason)
                END
            )
        ),
        '{}'
    ) AS absence
FROM pipeline.analysed_media AS story
CROSS JOIN LATERAL (
    SELECT held.permalink, held.lost_at
    FROM instagram.media AS held
    WHERE held.id = story.media_id AND held.media_product_type = 'STORY'
    OFFSET 0
) AS medium
-- The last known value of each figure, whoever told it: after the story's end there is none to come.
CROSS JOIN LATERAL (
    SELECT
        count(held.value) AS known,
        coalesce(bool_or(held.absence = 'lost'), FALSE) AS is_told_lost,
        (array_agg(held.source ORDER BY held.observed_at DESC) FILTER (WHERE held.value IS NOT NULL))[1]::text
        AS saved_by,
        max(held.observed_at) FILTER (WHERE held.value IS NOT NULL) AS saved_at,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'views' AND held.value IS NOT NULL))[1]::bigint AS views,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'impressions' AND held.value IS NOT NULL))[1]::bigint AS impressions,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'reach' AND held.value IS NOT NULL))[1]::bigint AS reach,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'replies' AND held.value IS NOT NULL))[1]::bigint AS replies,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'shares' AND held.value IS NOT NULL))[1]::bigint AS shares,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'follows' AND held.value IS NOT NULL))[1]::bigint AS follows,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'profile_visits' AND held.value IS NOT NULL))[1]::bigint AS profile_visits,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'total_interactions' AND held.value IS NOT NULL))[1]::bigint
        AS interactions,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'taps_forward' AND held.value IS NOT NULL))[1]::bigint AS taps_forward,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'taps_back' AND held.value IS NOT NULL))[1]::bigint AS taps_back,
        (array_agg(held.value ORDER BY held.observed_at DESC)
            FILTER (WHERE held.metric = 'exits' AND held.value IS NOT NULL))[1]::bigint AS exits,
        max(held.observed_at)
            FILTER (WHERE held.metric IN ('taps_forward', 'taps_back', 'exits') AND held.value IS NOT NULL)
        AS told_at,
        jsonb_object_agg(held.metric, held.absence ORDER BY held.observed_at)
            FILTER (WHERE held.value IS NULL) AS absences
    FROM instagram.media_insight AS held
    WHERE held.media_id = story.media_id AND held.breakdown = ''
) AS figure
-- The last reading of the navigation with its parts: a part that it does not list is 0 where those listed make up the whole.
LEFT JOIN LATERAL (
    SELECT
        max(held.observed_at) AS read_at,
        max(held.value) FILTER (WHERE held.breakdown = 'tap_forward')::bigint AS tap_forward,
        max(held.value) FILTER (WHERE held.breakdown = 'tap_back')::bigint AS tap_back,
        max(held.value) FILTER (WHERE held.breakdown = 'tap_exit')::bigint AS tap_exit,
        max(held.value) FILTER (WHERE held.breakdown = 'swipe_forward')::bigint AS swipe_forward,
        CASE
            WHEN max(held.value) FILTER (WHERE held.breakdown = '')
                = sum(held.value) FILTER (WHERE held.breakdown <> '')
                THEN 0
        END AS unlisted
    FROM instagram.media_insight AS held
    WHERE held.media_id = story.media_id AND held.metric = 'navigation'
    GROUP BY held.datestamp
    HAVING count(held.value) FILTER (WHERE held.breakdown <> '') > 0
    ORDER BY held.datestamp DESC
    LIMIT 1
) AS navigation ON TRUE
-- The reads and the webhook count differently: all are of the one that was told later.
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN navigation.read_at IS NULL AND figure.told_at IS NULL THEN NULL
            WHEN figure.told_at IS NULL OR navigation.read_at >= figure.told_at THEN 'navigation'
            ELSE 'webhook'
        END AS origin
) AS chosen
CROSS JOIN LATERAL (
    SELECT
        chosen.origin,
        CASE chosen.origin
            WHEN 'navigation' THEN coalesce(navigation.tap_forward, navigation.unlisted)
            ELSE figure.taps_forward
        END AS taps_forward,
        CASE chosen.origin
            WHEN 'navigation' THEN coalesce(navigation.tap_back, navigation.unlisted) ELSE figure.taps_back
        END AS taps_back,
        CASE chosen.origin
            WHEN 'navigation' THEN coalesce(navigation.tap_exit, navigation.unlisted) ELSE figure.exits
        END AS exits,
        CASE chosen.origin
            WHEN 'navigation' THEN coalesce(navigation.swipe_forward, navigation.unlisted)
        END AS swipes_forward
) AS moved
CROSS JOIN LATERAL (SELECT coalesce(figure.views, figure.impressions) AS views) AS seen
CROSS JOIN LATERAL (
    SELECT
        moved.taps_forward + moved.exits
        + CASE moved.origin WHEN 'navigation' THEN moved.swipes_forward ELSE 0 END AS views
) AS left_early
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN left_early.views > seen.views THEN 0
            ELSE 1 - left_early.views::double precision / nullif(seen.views, 0)
        END AS completion_rate,
        moved.exits::double precision / nullif(seen.views, 0) AS exit_rate,
        figure.replies::double precision / nullif(figure.reach, 0) AS reply_rate
) AS rate
CROSS JOIN LATERAL (
    SELECT medium.lost_at IS NOT NULL OR figure.is_told_lost AS is_lost
) AS fate
CROSS JOIN LATERAL (
    SELECT CASE WHEN fate.is_lost AND figure.known = 0 THEN 'lost' ELSE 'no_data' END AS reason
) AS other;
COMMENT ON VIEW toba_cek_insta.story_performance IS 'Each story: whether its figures were saved, what they are, and how people moved on from it.';
COMMENT ON COLUMN toba_cek_insta.story_performance.user_id IS 'instagram.user.id of the owner.';
COMMENT ON COLUMN toba_cek_insta.story_performance.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN toba_cek_insta.story_performance.published_at IS 'When it was published.';
COMMENT ON COLUMN toba_cek_insta.story_performance.published_on IS 'Local day of the account on which it was published.';
COMMENT ON COLUMN toba_cek_insta.story_performance.expires_at IS '24 hours later: from then on nothing more can be read.';
COMMENT ON COLUMN toba_cek_insta.story_performance.deleted_on IS 'Local day on which it was deleted; NULL: it was not.';
COMMENT ON COLUMN toba_cek_insta.story_performance.permalink IS 'Its address on Instagram.';
COMMENT ON COLUMN toba_cek_insta.story_performance.state IS 'saved: at least one figure is kept; lost: it went before any was; open: neither yet.';
COMMENT ON COLUMN toba_cek_insta.story_performance.saved_by IS 'Who told the last known figure: webhook, poll or backfill; NULL: none is known.';
COMMENT ON COLUMN toba_cek_insta.story_performance.saved_at IS 'When the last known figure was observed; NULL: none is known.';
COMMENT ON COLUMN toba_cek_insta.story_performance.lost_at IS 'When the moment to read it was found to have passed; NULL: it was not.';
COMMENT ON COLUMN toba_cek_insta.story_performance.views IS 'How often it was seen; where only the webhook told, impressions.';
COMMENT ON COLUMN toba_cek_insta.story_performance.reach IS 'How many different people saw it.';
COMMENT ON COLUMN toba_cek_insta.story_performance.replies IS 'Replies to it. Withheld in some regions.';
COMMENT ON COLUMN toba_cek_insta.story_performance.shares IS 'How often it was shared.';
COMMENT ON COLUMN toba_cek_insta.story_performance.follows IS 'How many people followed because of it.';
COMMENT ON COLUMN toba_cek_insta.story_performance.profile_visits IS 'How often the profile was visited from it.';
COMMENT ON COLUMN toba_cek_insta.story_performance.interactions IS 'Total interactions as Meta counts them.';
COMMENT ON COLUMN toba_cek_insta.story_performance.navigation_source IS 'Where taps, exits and swipes are from: navigation (read) or webhook, whichever was told later; NULL: not known.';
COMMENT ON COLUMN toba_cek_insta.story_performance.taps_forward IS 'Taps to the next picture.';
COMMENT ON COLUMN toba_cek_insta.story_performance.taps_back IS 'Taps to the picture before.';
COMMENT ON COLUMN toba_cek_insta.story_performance.exits IS 'How often it was left.';
COMMENT ON COLUMN toba_cek_insta.story_performance.swipes_forward IS 'Swipes to the next account''s story; the webhook does not tell.';
COMMENT ON COLUMN toba_cek_insta.story_performance.completion_rate IS 'Share of the views that no tap forward, exit or swipe forward cut short: 0 to 1.';
COMMENT ON COLUMN toba_cek_insta.story_performance.exit_rate IS 'exits / views.';
COMMENT ON COLUMN toba_cek_insta.story_performance.reply_rate IS 'replies / reach.';
COMMENT ON COLUMN toba_cek_insta.story_performance.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

-- Audience ------------------------------------------------------------------------------------------------------------

CREATE VIEW toba_cek_insta.audience_city AS
SELECT
    day.user_id,
    day.datestamp,
    frame.timeframe,
    (newest.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS observed_on,
    held.city,
    held.province,
    held.value AS followers,
    held.value::double precision / nullif(sum(held.value) OVER listed, 0) AS share,
    held.absence
FROM toba_cek_insta.account_day AS day
-- The time frames that the account has lists of, each found by a step of the index.
CROSS JOIN LATERAL (
    WITH RECURSIVE step AS (
        (
            SELECT list.timeframe FROM instagram.user_insight_audience_city AS list
            WHERE list.user_id = day.user_id ORDER BY list.timeframe LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT list.timeframe FROM instagram.user_insight_audience_city AS list
            WHERE list.user_id = day.user_id AND list.timeframe > step.timeframe
            ORDER BY list.timeframe LIMIT 1
        )
        FROM step
        WHERE step.timeframe IS NOT NULL
    )
    SELECT step.timeframe FROM step WHERE step.timeframe IS NOT NULL
) AS frame
-- The newest list up to the day that says something; where there is none, the newest that says why not.
CROSS JOIN LATERAL (
    SELECT coalesce(
        (
            SELECT list.end_time FROM instagram.user_insight_audience_city AS list
            WHERE
                list.user_id = day.user_id AND list.timeframe = frame.timeframe
                AND list.end_time < (day.datestamp + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
                AND list.value IS NOT NULL
            ORDER BY list.end_time DESC LIMIT 1
        ),
        (
            SELECT list.end_time FROM instagram.user_insight_audience_city AS list
            WHERE
                list.user_id = day.user_id AND list.timeframe = frame.timeframe
                AND list.end_time < (day.datestamp + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
            ORDER BY list.end_time DESC LIMIT 1
        )
    ) AS end_time
) AS newest
INNER JOIN instagram.user_insight_audience_city AS held
    ON
        held.user_id = day.user_id
        AND held.timeframe = frame.timeframe
        AND held.end_time = newest.end_time
WINDOW listed AS (PARTITION BY day.user_id, day.datestamp, frame.timeframe);
COMMENT ON VIEW toba_cek_insta.audience_city IS 'Followers by city as of a day, by the newest list up to it. Only the 45 largest cities are told: the sum is below the number of followers.';
COMMENT ON COLUMN toba_cek_insta.audience_city.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.audience_city.datestamp IS 'The day as of which it holds.';
COMMENT ON COLUMN toba_cek_insta.audience_city.timeframe IS 'Time frame that was asked for, as the API names it.';
COMMENT ON COLUMN toba_cek_insta.audience_city.observed_on IS 'Meta''s day of the list: how old it is.';
COMMENT ON COLUMN toba_cek_insta.audience_city.city IS 'City; empty where the list as a whole is missing.';
COMMENT ON COLUMN toba_cek_insta.audience_city.province IS 'Province or state; empty where there is none.';
COMMENT ON COLUMN toba_cek_insta.audience_city.followers IS 'Followers of that kind.';
COMMENT ON COLUMN toba_cek_insta.audience_city.share IS 'Their share of all followers in the list, 0 to 1.';
COMMENT ON COLUMN toba_cek_insta.audience_city.absence IS 'Why followers is NULL; NULL where it is not.';

CREATE VIEW toba_cek_insta.audience_country AS
SELECT
    day.user_id,
    day.datestamp,
    frame.timeframe,
    (newest.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS observed_on,
    held.country_code,
    held.value AS followers,
    held.value::double precision / nullif(sum(held.value) OVER listed, 0) AS share,
    held.absence
FROM toba_cek_insta.account_day AS day
-- The time frames that the account has lists of, each found by a step of the index.
CROSS JOIN LATERAL (
    WITH RECURSIVE step AS (
        (
            SELECT list.timeframe FROM instagram.user_insight_audience_country AS list
            WHERE list.user_id = day.user_id ORDER BY list.timeframe LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT list.timeframe FROM instagram.user_insight_audience_country AS list
            WHERE list.user_id = day.user_id AND list.timeframe > step.timeframe
            ORDER BY list.timeframe LIMIT 1
        )
        FROM step
        WHERE step.timeframe IS NOT NULL
    )
    SELECT step.timeframe FROM step WHERE step.timeframe IS NOT NULL
) AS frame
-- The newest list up to the day that says something; where there is none, the newest that says why not.
CROSS JOIN LATERAL (
    SELECT coalesce(
        (
            SELECT list.end_time FROM instagram.user_insight_audience_country AS list
            WHERE
                list.user_id = day.user_id AND list.timeframe = frame.timeframe
                AND list.end_time < (day.datestamp + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
                AND list.value IS NOT NULL
            ORDER BY list.end_time DESC LIMIT 1
        ),
        (
            SELECT list.end_time FROM instagram.user_insight_audience_country AS list
            WHERE
                list.user_id = day.user_id AND list.timeframe = frame.timeframe
                AND list.end_time < (day.datestamp + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
            ORDER BY list.end_time DESC LIMIT 1
        )
    ) AS end_time
) AS newest
INNER JOIN instagram.user_insight_audience_country AS held
    ON
        held.user_id = day.user_id
        AND held.timeframe = frame.timeframe
        AND held.end_time = newest.end_time
WINDOW listed AS (PARTITION BY day.user_id, day.datestamp, frame.timeframe);
COMMENT ON VIEW toba_cek_insta.audience_country IS 'Followers by country as of a day, by the newest list up to it. Only the 45 largest countries are told.';
COMMENT ON COLUMN toba_cek_insta.audience_country.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.audience_country.datestamp IS 'The day as of which it holds.';
COMMENT ON COLUMN toba_cek_insta.audience_country.timeframe IS 'Time frame that was asked for, as the API names it.';
COMMENT ON COLUMN toba_cek_insta.audience_country.observed_on IS 'Meta''s day of the list: how old it is.';
COMMENT ON COLUMN toba_cek_insta.audience_country.country_code IS 'Country, ISO 3166 alpha-2; empty where the list as a whole is missing.';
COMMENT ON COLUMN toba_cek_insta.audience_country.followers IS 'Followers of that kind.';
COMMENT ON COLUMN toba_cek_insta.audience_country.share IS 'Their share of all followers in the list, 0 to 1.';
COMMENT ON COLUMN toba_cek_insta.audience_country.absence IS 'Why followers is NULL; NULL where it is not.';

CREATE VIEW toba_cek_insta.audience_gender_age AS
SELECT
    day.user_id,
    day.datestamp,
    frame.timeframe,
    (newest.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS observed_on,
    held.gender,
    held.age,
    held.value AS followers,
    held.value::double precision / nullif(sum(held.value) OVER listed, 0) AS share,
    held.absence
FROM toba_cek_insta.account_day AS day
-- The time frames that the account has lists of, each found by a step of the index.
CROSS JOIN LATERAL (
    WITH RECURSIVE step AS (
        (
            SELECT list.timeframe FROM instagram.user_insight_audience_gender_age AS list
            WHERE list.user_id = day.user_id ORDER BY list.timeframe LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT list.timeframe FROM instagram.user_insight_audience_gender_age AS list
            WHERE list.user_id = day.user_id AND list.timeframe > step.timeframe
            ORDER BY list.timeframe LIMIT 1
        )
        FROM step
        WHERE step.timeframe IS NOT NULL
    )
    SELECT step.timeframe FROM step WHERE step.timeframe IS NOT NULL
) AS frame
-- The newest list up to the day that says something; where there is none, the newest that says why not.
CROSS JOIN LATERAL (
    SELECT coalesce(
        (
            SELECT list.end_time FROM instagram.user_insight_audience_gender_age AS list
            WHERE
                list.user_id = day.user_id AND list.timeframe = frame.timeframe
                AND list.end_time < (day.datestamp + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
                AND list.value IS NOT NULL
            ORDER BY list.end_time DESC LIMIT 1
        ),
        (
            SELECT list.end_time FROM instagram.user_insight_audience_gender_age AS list
            WHERE
                list.user_id = day.user_id AND list.timeframe = frame.timeframe
                AND list.end_time < (day.datestamp + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
            ORDER BY list.end_time DESC LIMIT 1
        )
    ) AS end_time
) AS newest
INNER JOIN instagram.user_insight_audience_gender_age AS held
    ON
        held.user_id = day.user_id
        AND held.timeframe = frame.timeframe
        AND held.end_time = newest.end_time
WINDOW listed AS (PARTITION BY day.user_id, day.datestamp, frame.timeframe);
COMMENT ON VIEW toba_cek_insta.audience_gender_age IS 'Followers by gender and age as of a day, by the newest list up to it.';
COMMENT ON COLUMN toba_cek_insta.audience_gender_age.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.audience_gender_age.datestamp IS 'The day as of which it holds.';
COMMENT ON COLUMN toba_cek_insta.audience_gender_age.timeframe IS 'Time frame that was asked for, as the API names it.';
COMMENT ON COLUMN toba_cek_insta.audience_gender_age.observed_on IS 'Meta''s day of the list: how old it is.';
COMMENT ON COLUMN toba_cek_insta.audience_gender_age.gender IS 'M, F or U (not stated).';
COMMENT ON COLUMN toba_cek_insta.audience_gender_age.age IS 'Age range in years, as 25-34 or 65+; empty where the list as a whole is missing.';
COMMENT ON COLUMN toba_cek_insta.audience_gender_age.followers IS 'Followers of that kind.';
COMMENT ON COLUMN toba_cek_insta.audience_gender_age.share IS 'Their share of all followers in the list, 0 to 1.';
COMMENT ON COLUMN toba_cek_insta.audience_gender_age.absence IS 'Why followers is NULL; NULL where it is not.';

-- Competitors ---------------------------------------------------------------------------------------------------------

CREATE VIEW toba_cek_insta.competitor_overview AS
SELECT
    day.user_id,
    day.datestamp,
    frame.days AS timeframe,
    side.competitor_id,
    side.competitor_id = day.user_id AS is_self,
    account.username,
    followers.followers_count,
    followers_then.followers_count AS followers_count_previous,
    (followers.followers_count - followers_then.followers_count)::double precision
    / nullif(followers_then.followers_count, 0) AS followers_growth,
    followers.media_count,
    published.posts,
    published.engagement,
    published.engagement_per_post,
    published.engagement_per_post / nullif(followers.followers_count, 0) AS engagement_rate_per_post,
    published.skipped_posts,
    nullif(
        jsonb_strip_nulls(
            jsonb_build_object(
                'followers_count', CASE
                    WHEN followers.followers_count IS NULL
                        THEN coalesce(followers.absence ->> 'followers_count', 'no_data')
                END,
                'followers_count_previous', CASE
                    WHEN followers_then.followers_count IS NULL
                        THEN coalesce(followers_then.absence ->> 'followers_count', 'no_data')
                END,
                'followers_growth', CASE
                    WHEN followers.followers_count IS NULL
                        THEN coalesce(followers.absence ->> 'followers_count', 'no_data')
                    WHEN coalesce(followers_then.followers_count, 0) = 0
                        THEN coalesce(followers_then.absence ->> 'followers_count', 'no_data')
                END,
                'media_count', CASE
                    WHEN followers.media_count IS NULL THEN coalesce(followers.absence ->> 'media_count', 'no_data')
                END,
                'engagement', CASE WHEN published.engagement IS NULL THEN published.absence END,
                'engagement_per_post', CASE WHEN published.engagement_per_post IS NULL THEN published.absence END,
                'engagement_rate_per_post', CASE
                    WHEN published.engagement_per_post IS NULL THEN published.absence
                    WHEN coalesce(followers.followers_count, 0) = 0
                        THEN coalesce(followers.absence ->> 'followers_count', 'no_data')
                END
            )
        ),
        '{}'
    ) AS absence
FROM toba_cek_insta.account_day AS day
CROSS JOIN (VALUES (7), (28)) AS frame (days)
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT held.timezone FROM instagram."user" AS held WHERE held.id = day.user_id), 'UTC') AS name
) AS zone
CROSS JOIN LATERAL (
    SELECT day.user_id AS competitor_id
    UNION ALL
    SELECT held.competitor_id FROM instagram.user_competitor AS held WHERE held.user_id = day.user_id
) AS side
LEFT JOIN instagram."user" AS account ON account.id = side.competitor_id
LEFT JOIN instagram.user_data AS followers
    ON followers.user_id = side.competitor_id AND followers.datestamp = day.datestamp
LEFT JOIN instagram.user_data AS followers_then
    ON followers_then.user_id = side.competitor_id AND followers_then.datestamp = day.datestamp - frame.days
-- Of others no stories can be seen: without them the two sides compare.
CROSS JOIN LATERAL (
    SELECT
        count(*)::int AS posts,
        sum(counts.like_count + counts.comments_count)::bigint AS engagement,
        sum(counts.like_count + counts.comments_count)::double precision
        / nullif(count(counts.like_count + counts.comments_count), 0) AS engagement_per_post,
        (count(*) - count(counts.like_count + counts.comments_count))::int AS skipped_posts,
        coalesce(max(counts.absence ->> 'like_count'), 'no_data') AS absence
    FROM (
        SELECT held.id
        FROM instagram.media AS held
        WHERE
            held.user_id = side.competitor_id
            AND held."timestamp" >= (day.datestamp - frame.days + 1)::timestamp AT TIME ZONE zone.name
            AND held."timestamp" < (day.datestamp + 1)::timestamp AT TIME ZONE zone.name
            AND (held.deleted_at IS NULL OR held.deleted_at >= (day.datestamp + 1)::timestamp AT TIME ZONE zone.name)
            AND held.parent_id IS NULL
            AND held.original_media_id IS NULL
            AND held.media_product_type IS DISTINCT FROM 'STORY'
        OFFSET 0
    ) AS post
    LEFT JOIN LATERAL pipeline.counts_as_of(post.id, day.datestamp) AS counts ON TRUE
) AS published;
COMMENT ON VIEW toba_cek_insta.competitor_overview IS 'An account and its competitors side by side, one row for each of them, day D and timeframe t of 7 or 28 days. Days are those of the account that compares.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.user_id IS 'instagram.user.id of the account that compares.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.datestamp IS 'D: the last day of the period (D - t, D].';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.timeframe IS 't, in days: 7 or 28.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.competitor_id IS 'instagram.user.id of the one that the row is about: a competitor, or the account itself.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.is_self IS 'Whether that is the account itself.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.username IS 'Its present user name.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.followers_count IS 'Its followers in the snapshot of D.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.followers_count_previous IS 'Its followers in the snapshot of D - t.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.followers_growth IS '(now - then) / then.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.media_count IS 'Media on its profile in the snapshot of D.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.posts IS 'Posts published in the period that are known, without stories: of others these cannot be seen.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.engagement IS 'Likes + comments as of D, over the posts where both are known.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.engagement_per_post IS 'Mean of it.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.engagement_rate_per_post IS 'engagement_per_post / followers_count.';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.skipped_posts IS 'Of posts, those whose likes or comments are not known (unread or hidden).';
COMMENT ON COLUMN toba_cek_insta.competitor_overview.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

-- Comments ------------------------------------------------------------------------------------------------------------

CREATE VIEW toba_cek_insta.comment_sentiment AS
SELECT
    post.user_id,
    post.media_id,
    post.published_on,
    part.part_id,
    told.comment_id,
    told.parent_id,
    told.username,
    told.text,
    told.commented_at,
    told.like_count,
    told.hidden,
    told.deleted_at,
    coalesce(
        told.from_id = post.user_id
        OR told.from_id = owner.app_scoped_id
        OR (told.from_id IS NULL AND told.username = owner.username),
        FALSE
    ) AS is_own,
    told.sentiment,
    told.score,
    told.uncertain,
    told.language,
    told.model,
    CASE
        WHEN told.sentiment IS NOT NULL THEN NULL
        WHEN told.text IS NULL THEN 'no_data'
        ELSE 'not_yet'
    END AS absence
FROM pipeline.analysed_media AS post
LEFT JOIN instagram."user" AS owner ON owner.id = post.user_id
INNER JOIN pipeline.post_part AS part ON part.user_id = post.user_id AND part.post_id = post.media_id
-- OFFSET 0 keeps it a loop over an index, however much the planner believes that it will find.
CROSS JOIN LATERAL (
    SELECT
        comment.id AS comment_id,
        comment.parent_id,
        comment.from_id,
        comment.username,
        comment.text,
        coalesce(comment."timestamp", comment.first_seen_at) AS commented_at,
        comment.like_count,
        comment.hidden,
        comment.deleted_at,
        felt.sentiment,
        felt.score,
        felt.uncertain,
        felt.language,
        felt.model
    FROM instagram.media_comment AS comment
    LEFT JOIN toba_cek_insta.user_media_comment_sentiment AS felt ON felt.comment_id = comment.id
    WHERE comment.media_id = part.part_id
    OFFSET 0
) AS told;
COMMENT ON VIEW toba_cek_insta.comment_sentiment IS 'Each comment on an account''s posts with what it feels. Comments on an ad''s copy or an album''s child stand with the post.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.user_id IS 'instagram.user.id of the post''s owner.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.media_id IS 'The post.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.published_on IS 'Local day of the account on which the post was published: narrow by it, or by media_id, where the account is large.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.part_id IS 'The medium that was commented on: the post, an ad''s copy or an album''s child.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.comment_id IS 'instagram.media_comment.id.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.parent_id IS 'The comment that it replies to; NULL: none.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.username IS 'Who wrote it.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.text IS 'What it says; NULL until it is read.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.commented_at IS 'When it was made; of those without a time, when it was first seen.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.like_count IS 'Its likes; NULL: not read.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.hidden IS 'Whether it is hidden; NULL: not read.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.deleted_at IS 'When it was found to be deleted; NULL: it was not.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.is_own IS 'Whether the account itself wrote it; then it does not count in sentiment.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.sentiment IS 'pos, neu or neg.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.score IS 'Calibrated probability of that class, 0 to 1.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.uncertain IS 'Whether the probability is too low to build on.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.language IS 'id, en, mixed, or und where no word tells.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.model IS 'Version of the model that scored it.';
COMMENT ON COLUMN toba_cek_insta.comment_sentiment.absence IS 'Why sentiment is NULL: no_data (it has no text), not_yet (it is not scored); NULL where it is not.';

CREATE VIEW toba_cek_insta.media_comment_overview AS
SELECT
    post.user_id,
    post.media_id,
    post.published_at,
    post.published_on,
    post.format,
    counted.comments_count,
    held.comments,
    held.own_comments,
    held.deleted_comments,
    held.pos,
    held.neu,
    held.neg,
    held.uncertain,
    held.unscored,
    (held.pos - held.neg)::double precision / nullif(held.pos + held.neu + held.neg, 0) AS balance,
    held.first_comment_at,
    held.last_comment_at,
    nullif(
        jsonb_strip_nulls(
            jsonb_build_object(
                'comments_count', CASE
                    WHEN counted.comments_count IS NULL
                        THEN coalesce(counted.absence ->> 'comments_count', 'no_data')
                END,
                'balance', CASE WHEN held.pos + held.neu + held.neg = 0 THEN 'no_data' END
            )
        ),
        '{}'
    ) AS absence
FROM toba_cek_insta.post
LEFT JOIN LATERAL pipeline.counts_as_of(post.media_id, 'infinity') AS counted ON TRUE
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE comment.deleted_at IS NULL) AS comments,
        count(*) FILTER (WHERE comment.deleted_at IS NULL AND comment.is_own) AS own_comments,
        count(*) FILTER (WHERE comment.deleted_at IS NOT NULL) AS deleted_comments,
        count(*) FILTER (WHERE comment.deleted_at IS NULL AND NOT comment.is_own AND comment.sentiment = 'pos') AS pos,
        count(*) FILTER (WHERE comment.deleted_at IS NULL AND NOT comment.is_own AND comment.sentiment = 'neu') AS neu,
        count(*) FILTER (WHERE comment.deleted_at IS NULL AND NOT comment.is_own AND comment.sentiment = 'neg') AS neg,
        count(*) FILTER (WHERE comment.deleted_at IS NULL AND NOT comment.is_own AND comment.uncertain) AS uncertain,
        count(*) FILTER (WHERE comment.deleted_at IS NULL AND NOT comment.is_own AND comment.sentiment IS NULL)
        AS unscored,
        min(comment.commented_at) FILTER (WHERE comment.deleted_at IS NULL) AS first_comment_at,
        max(comment.commented_at) FILTER (WHERE comment.deleted_at IS NULL) AS last_comment_at
    FROM toba_cek_insta.comment_sentiment AS comment
    WHERE comment.user_id = post.user_id AND comment.media_id = post.media_id
) AS held;
COMMENT ON VIEW toba_cek_insta.media_comment_overview IS 'Comments and what they feel, for each post, of all time.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.user_id IS 'instagram.user.id of the owner.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.media_id IS 'The post.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.published_at IS 'When it was published.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.published_on IS 'Local day of the account on which it was published.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.format IS 'feed, reels, stories, carousels, unknown.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.comments_count IS 'How many comments Instagram last said that it has.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.comments IS 'Comments that are held here and not deleted.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.own_comments IS 'Of these, the account''s own; they do not count in what follows.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.deleted_comments IS 'Comments that are held here and were deleted; they do not count in what follows.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.pos IS 'Positive comments.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.neu IS 'Neutral comments.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.neg IS 'Negative comments.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.uncertain IS 'Of these three, those whose probability is too low to build on.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.unscored IS 'Comments without a text, or not scored yet.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.balance IS '(positive - negative) / (positive + neutral + negative): from -1 to 1.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.first_comment_at IS 'When the first of comments was made; NULL: there is none.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.last_comment_at IS 'When the last of comments was made; NULL: there is none.';
COMMENT ON COLUMN toba_cek_insta.media_comment_overview.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

-- Hashtags ------------------------------------------------------------------------------------------------------------

-- By the account as well, so that what is asked of one account looks at its rows alone.
CREATE OR REPLACE VIEW toba_cek_insta.user_hastags_metrics_distribution_carried AS
SELECT
    user_id,
    media_id,
    hastag,
    media_timestamp,
    datestamp,
    lead(datestamp) OVER (PARTITION BY user_id, media_id, hastag, media_timestamp ORDER BY datestamp) AS carried_until,
    engagement,
    reach,
    impressions,
    comments_count,
    like_count,
    absence,
    updated_timestamp
FROM toba_cek_insta.user_hastags_metrics_distribution;

CREATE VIEW toba_cek_insta.hashtag_spelling AS
SELECT DISTINCT ON (spelt.user_id, spelt.hastag)
    spelt.user_id, spelt.hastag, spelt.shown, spelt.posts
FROM (
    SELECT
        post.user_id,
        tag.hastag,
        coalesce(tag.shown, tag.hastag) AS shown,
        count(*) AS posts,
        max(post.published_at) AS last_at
    FROM pipeline.analysed_media AS post
    CROSS JOIN LATERAL (
        SELECT told.media_hastag, told.media_hastag_shown FROM instagram.media AS told WHERE told.id = post.media_id
        OFFSET 0
    ) AS medium
    CROSS JOIN LATERAL unnest(
        regexp_split_to_array(medium.media_hastag, '[ ,#]+'), string_to_array(medium.media_hastag_shown, ' ')
    ) AS tag (hastag, shown)
    WHERE tag.hastag <> ''
    GROUP BY post.user_id, tag.hastag, coalesce(tag.shown, tag.hastag)
) AS spelt
ORDER BY spelt.user_id, spelt.hastag, spelt.posts DESC, spelt.last_at DESC, spelt.shown;
COMMENT ON VIEW toba_cek_insta.hashtag_spelling IS 'How an account writes each hashtag: the spelling of most posts, then of the latest.';
COMMENT ON COLUMN toba_cek_insta.hashtag_spelling.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN toba_cek_insta.hashtag_spelling.hastag IS 'The hashtag as it is compared, as in user_hastags_metrics.';
COMMENT ON COLUMN toba_cek_insta.hashtag_spelling.shown IS 'The same as captions show it.';
COMMENT ON COLUMN toba_cek_insta.hashtag_spelling.posts IS 'Posts that show it so.';

-- Readers -------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pipeline.let_read(reader text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    readable regclass;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA instagram, toba_cek_insta TO %I', reader);
    FOR readable IN
        SELECT oid
        FROM pg_class
        WHERE
            relkind IN ('r', 'p', 'v')
            AND relnamespace IN ('instagram'::regnamespace, 'toba_cek_insta'::regnamespace)
            AND oid <> 'instagram.instagram_tokens'::regclass
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO %I', readable, reader);
    END LOOP;
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA toba_cek_insta GRANT SELECT ON TABLES TO %I', reader);
END
$$;
COMMENT ON FUNCTION pipeline.let_read(text) IS 'Lets a role read the analytics and what they are made from, without the tokens and the service''s own books. May be called again; whoever migrates must call it.';
REVOKE EXECUTE ON FUNCTION pipeline.let_read(text) FROM PUBLIC;

-- Roles belong to the server, not to the database: another database may have made it, at this moment perhaps.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cekbrand_reader') THEN
        CREATE ROLE cekbrand_reader NOLOGIN;
        COMMENT ON ROLE cekbrand_reader IS 'May read CekBrand''s analytics and nothing sealed.';
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        RAISE NOTICE 'role cekbrand_reader was made meanwhile';
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'role cekbrand_reader is lacking and % may not make it: let an administrator run CREATE ROLE cekbrand_reader, then run SELECT pipeline.let_read(''cekbrand_reader'')', current_user;
END
$$;

SELECT pipeline.let_read(rolname) FROM pg_roles WHERE rolname = 'cekbrand_reader';
