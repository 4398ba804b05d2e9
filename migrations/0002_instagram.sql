-- Raw data as Instagram gives it (schema instagram): users, media, comments, insights, tokens.
--
-- Queries that need it: land (stub media, comments, story figures from webhooks), enrich (upserts by key of what was read; tokens by
-- user_id), analyse (media of an account by time; the last row of a medium up to a day), serve (insights of a medium).
--
-- Names are a published contract, slips of spelling included. Nothing here refers to "user" by foreign key where the owner may be unknown
-- when the row arrives: landing waits for nobody.

-- Why a figure is missing. The list is closed; cekbrand_schema::Absence has the same names.
CREATE DOMAIN instagram.absence AS text CHECK (
    VALUE IN (
        'not_yet', 'no_data', 'unsupported', 'too_few_followers', 'region', 'permission', 'hidden', 'not_public',
        'not_enough_viewers', 'suppressed', 'metric_changed', 'deleted', 'lost'
    )
);
COMMENT ON DOMAIN instagram.absence IS 'Why a figure has no value: a closed list. A figure is a number or one of these, never -1 and never an invented 0.';

CREATE DOMAIN instagram.absences AS jsonb CHECK (
    jsonb_typeof(VALUE) = 'object'
    AND NOT jsonb_path_exists(
        VALUE,
        'strict $.* ? (@.type() != "string" || !(@ like_regex "^(not_yet|no_data|unsupported|too_few_followers|region|permission|hidden|not_public|not_enough_viewers|suppressed|metric_changed|deleted|lost)$"))'
    )
);
COMMENT ON DOMAIN instagram.absences IS 'The same for rows with several figures: {column: reason}.';

CREATE DOMAIN instagram.source AS text CHECK (VALUE IN ('webhook', 'poll', 'backfill'));
COMMENT ON DOMAIN instagram.source IS 'How something was observed: pushed by Meta, read by us, or read later for the past.';

-- Keeps a wrong zone out, so that no statement that converts a time can fail on it.
CREATE FUNCTION instagram.is_timezone(name text) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    PERFORM timestamptz 'epoch' AT TIME ZONE name;
    RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END
$$;
COMMENT ON FUNCTION instagram.is_timezone(text) IS 'Whether PostgreSQL knows the time zone.';

-- Users ---------------------------------------------------------------------------------------------------------------

CREATE TABLE instagram."user" (
    id text PRIMARY KEY CHECK (id <> ''),
    username text,
    name text,
    biography text,
    profile_picture_url text,
    website text,
    social_account_id text,
    updated_timestamp timestamptz,
    has_problems boolean NOT NULL DEFAULT false,
    is_userid_valid boolean NOT NULL DEFAULT true,
    timezone text CHECK (instagram.is_timezone(timezone)),
    region text,
    app_scoped_id text,
    login_flavour text CHECK (login_flavour IN ('facebook', 'instagram'))
);

CREATE INDEX user_username ON instagram."user" (username);

COMMENT ON TABLE instagram."user" IS 'Instagram professional accounts: those we watch, and their competitors.';
COMMENT ON COLUMN instagram."user".id IS 'Instagram user id. Source: IG user node; the webhook''s entry.id.';
COMMENT ON COLUMN instagram."user".username IS 'User name without @. Source: IG user node.';
COMMENT ON COLUMN instagram."user".name IS 'Display name. Source: IG user node.';
COMMENT ON COLUMN instagram."user".biography IS 'Text of the profile. Source: IG user node.';
COMMENT ON COLUMN instagram."user".profile_picture_url IS 'URL of the profile picture; it expires. Source: IG user node.';
COMMENT ON COLUMN instagram."user".website IS 'Website of the profile. Source: IG user node.';
COMMENT ON COLUMN instagram."user".social_account_id IS 'Id of the connected Facebook page. Source: operator or page look-up; NULL with Instagram Login.';
COMMENT ON COLUMN instagram."user".updated_timestamp IS 'When the row was last written from an answer; NULL before the first.';
COMMENT ON COLUMN instagram."user".has_problems IS 'Whether the last read of the account failed for good. Source: what the API answered.';
COMMENT ON COLUMN instagram."user".is_userid_valid IS 'Whether the API returns data for this id. Source: what the API answered.';
COMMENT ON COLUMN instagram."user".timezone IS 'Time zone of the account''s local days, a name of the tz database; NULL: UTC. Source: operator.';
COMMENT ON COLUMN instagram."user".region IS 'EU or JP where figures are withheld by law, else NULL or any other word. Source: operator. Exception: stays NULL unless the operator sets it, since the API does not tell.';
COMMENT ON COLUMN instagram."user".app_scoped_id IS 'The account''s id for our app, by which Meta asks for deletion. Source: IG user node (user_id or id, by login flavour). Exception: NULL where the login gives none.';
COMMENT ON COLUMN instagram."user".login_flavour IS 'facebook or instagram: the login by which it is read; NULL for competitors. Source: operator.';

CREATE TABLE instagram.user_data (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    followers_count bigint CHECK (followers_count >= 0),
    follows_count bigint CHECK (follows_count >= 0),
    media_count bigint CHECK (media_count >= 0),
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    followers_count_growth bigint,
    media_count_growth bigint,
    absence instagram.absences,
    UNIQUE (user_id, datestamp)
);

COMMENT ON TABLE instagram.user_data IS 'Daily snapshot of an account''s own counts; readings within a day overwrite each other.';
COMMENT ON COLUMN instagram.user_data.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_data.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN instagram.user_data.followers_count IS 'Followers. Source: IG user node; business_discovery for competitors.';
COMMENT ON COLUMN instagram.user_data.follows_count IS 'Accounts that it follows. Source: IG user node; not_public for competitors.';
COMMENT ON COLUMN instagram.user_data.media_count IS 'Media published. Source: IG user node.';
COMMENT ON COLUMN instagram.user_data.updated_timestamp IS 'When the counts were observed.';
COMMENT ON COLUMN instagram.user_data.datestamp IS 'Local day of the account on which they were observed.';
COMMENT ON COLUMN instagram.user_data.followers_count_growth IS 'Followers more than in the snapshot before; NULL where one is unknown. Written by analyse.';
COMMENT ON COLUMN instagram.user_data.media_count_growth IS 'Media more than in the snapshot before; NULL where one is unknown. Written by analyse.';
COMMENT ON COLUMN instagram.user_data.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

CREATE TABLE instagram.user_competitor (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL REFERENCES instagram."user" (id),
    competitor_id text NOT NULL REFERENCES instagram."user" (id),
    UNIQUE (user_id, competitor_id),
    CHECK (user_id <> competitor_id)
);

CREATE INDEX user_competitor_competitor_id ON instagram.user_competitor (competitor_id);

COMMENT ON TABLE instagram.user_competitor IS 'Which accounts are compared with which.';
COMMENT ON COLUMN instagram.user_competitor.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_competitor.user_id IS 'The account we watch. Source: operator.';
COMMENT ON COLUMN instagram.user_competitor.competitor_id IS 'The account it is compared with, read through business_discovery. Source: operator.';

-- Insights of users ---------------------------------------------------------------------------------------------------

CREATE TABLE instagram.user_insight_audience_city (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    city text NOT NULL,
    province text NOT NULL DEFAULT '',
    value bigint CHECK (value >= 0),
    timeframe text NOT NULL,
    end_time timestamptz NOT NULL,
    absence instagram.absence,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    updated_timestamp timestamptz NOT NULL,
    UNIQUE (user_id, city, province, timeframe, end_time),
    CHECK ((value IS NULL) <> (absence IS NULL))
);

COMMENT ON TABLE instagram.user_insight_audience_city IS 'Followers by city. Only the 45 largest: the sum is below the number of followers.';
COMMENT ON COLUMN instagram.user_insight_audience_city.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_insight_audience_city.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN instagram.user_insight_audience_city.city IS 'City: what stands before the last comma. Source: follower_demographics, breakdown city.';
COMMENT ON COLUMN instagram.user_insight_audience_city.province IS 'Province or state: what stands after the last comma; empty where there is none.';
COMMENT ON COLUMN instagram.user_insight_audience_city.value IS 'Followers there.';
COMMENT ON COLUMN instagram.user_insight_audience_city.timeframe IS 'Time frame that was asked for, as the API names it.';
COMMENT ON COLUMN instagram.user_insight_audience_city.end_time IS 'End of the last closed Meta day: lifetime answers have no time of their own.';
COMMENT ON COLUMN instagram.user_insight_audience_city.absence IS 'Why value is NULL.';
COMMENT ON COLUMN instagram.user_insight_audience_city.source IS 'webhook, poll or backfill.';
COMMENT ON COLUMN instagram.user_insight_audience_city.observed_at IS 'When it was observed.';
COMMENT ON COLUMN instagram.user_insight_audience_city.api_version IS 'Version of the Graph API that was asked.';
COMMENT ON COLUMN instagram.user_insight_audience_city.updated_timestamp IS 'When the row last changed.';

CREATE TABLE instagram.user_insight_audience_country (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    country_code text NOT NULL,
    value bigint CHECK (value >= 0),
    timeframe text NOT NULL,
    end_time timestamptz NOT NULL,
    absence instagram.absence,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    updated_timestamp timestamptz NOT NULL,
    UNIQUE (user_id, country_code, timeframe, end_time),
    CHECK ((value IS NULL) <> (absence IS NULL))
);

COMMENT ON TABLE instagram.user_insight_audience_country IS 'Followers by country. Only the 45 largest.';
COMMENT ON COLUMN instagram.user_insight_audience_country.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_insight_audience_country.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN instagram.user_insight_audience_country.country_code IS 'Country, ISO 3166 alpha-2. Source: follower_demographics, breakdown country.';
COMMENT ON COLUMN instagram.user_insight_audience_country.value IS 'Followers there.';
COMMENT ON COLUMN instagram.user_insight_audience_country.timeframe IS 'Time frame that was asked for, as the API names it.';
COMMENT ON COLUMN instagram.user_insight_audience_country.end_time IS 'End of the last closed Meta day.';
COMMENT ON COLUMN instagram.user_insight_audience_country.absence IS 'Why value is NULL.';
COMMENT ON COLUMN instagram.user_insight_audience_country.source IS 'webhook, poll or backfill.';
COMMENT ON COLUMN instagram.user_insight_audience_country.observed_at IS 'When it was observed.';
COMMENT ON COLUMN instagram.user_insight_audience_country.api_version IS 'Version of the Graph API that was asked.';
COMMENT ON COLUMN instagram.user_insight_audience_country.updated_timestamp IS 'When the row last changed.';

CREATE TABLE instagram.user_insight_audience_gender_age (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    gender text NOT NULL CHECK (gender IN ('M', 'F', 'U')),
    age text NOT NULL,
    value bigint CHECK (value >= 0),
    timeframe text NOT NULL,
    end_time timestamptz NOT NULL,
    absence instagram.absence,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    updated_timestamp timestamptz NOT NULL,
    UNIQUE (user_id, gender, age, timeframe, end_time),
    CHECK ((value IS NULL) <> (absence IS NULL))
);

COMMENT ON TABLE instagram.user_insight_audience_gender_age IS 'Followers by gender and age.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.gender IS 'M, F or U (not stated). Source: follower_demographics, breakdown age,gender; before that keys such as M.25-34.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.age IS 'Age range in years, as 25-34 or 65+.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.value IS 'Followers of that gender and age.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.timeframe IS 'Time frame that was asked for, as the API names it.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.end_time IS 'End of the last closed Meta day.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.absence IS 'Why value is NULL.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.source IS 'webhook, poll or backfill.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.observed_at IS 'When it was observed.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.api_version IS 'Version of the Graph API that was asked.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.updated_timestamp IS 'When the row last changed.';

CREATE TABLE instagram.user_insight_audience_locale (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    locale_code text NOT NULL,
    value bigint CHECK (value >= 0),
    end_time timestamptz NOT NULL,
    absence instagram.absence,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    updated_timestamp timestamptz NOT NULL,
    UNIQUE (user_id, locale_code, end_time),
    CHECK ((value IS NULL) <> (absence IS NULL))
);

COMMENT ON TABLE instagram.user_insight_audience_locale IS 'Followers by language. Meta retired audience_locale on 2023-12-11 without a successor (unsupported): only imported history can stand here.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.id IS 'Surrogate key. Exception: the metric is retired.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.user_id IS 'instagram.user.id. Exception: the metric is retired.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.locale_code IS 'Locale, as id_ID. Source: audience_locale. Exception: the metric is retired.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.value IS 'Followers with that locale. Exception: the metric is retired.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.end_time IS 'Meta''s end_time. Exception: the metric is retired.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.absence IS 'Why value is NULL. Exception: the metric is retired.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.source IS 'webhook, poll or backfill. Exception: the metric is retired.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.observed_at IS 'When it was observed. Exception: the metric is retired.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.api_version IS 'Version of the Graph API that was asked. Exception: the metric is retired.';
COMMENT ON COLUMN instagram.user_insight_audience_locale.updated_timestamp IS 'When the row last changed. Exception: the metric is retired.';

CREATE TABLE instagram.user_insight_impressions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    metric text NOT NULL DEFAULT 'views' CHECK (metric IN ('impressions', 'views')),
    period text NOT NULL CHECK (period IN ('day', 'week', 'days_28')),
    value bigint CHECK (value >= 0),
    end_time timestamptz NOT NULL,
    absence instagram.absence,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    updated_timestamp timestamptz NOT NULL,
    UNIQUE (user_id, metric, period, end_time),
    CHECK ((value IS NULL) <> (absence IS NULL))
);

COMMENT ON TABLE instagram.user_insight_impressions IS 'How often an account''s content was seen, ads included.';
COMMENT ON COLUMN instagram.user_insight_impressions.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_insight_impressions.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN instagram.user_insight_impressions.metric IS 'impressions (retired 2025-04-21) or views, its successor: not comparable with each other.';
COMMENT ON COLUMN instagram.user_insight_impressions.period IS 'day, week or days_28.';
COMMENT ON COLUMN instagram.user_insight_impressions.value IS 'Times seen within the period. Source: views, once impressions.';
COMMENT ON COLUMN instagram.user_insight_impressions.end_time IS 'End of the period: Meta''s, or the end of the window that was asked for.';
COMMENT ON COLUMN instagram.user_insight_impressions.absence IS 'Why value is NULL.';
COMMENT ON COLUMN instagram.user_insight_impressions.source IS 'webhook, poll or backfill.';
COMMENT ON COLUMN instagram.user_insight_impressions.observed_at IS 'When it was observed.';
COMMENT ON COLUMN instagram.user_insight_impressions.api_version IS 'Version of the Graph API that was asked.';
COMMENT ON COLUMN instagram.user_insight_impressions.updated_timestamp IS 'When the row last changed.';

CREATE TABLE instagram.user_insight_online_follower (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    hour int NOT NULL CHECK (hour BETWEEN 0 AND 23),
    value bigint CHECK (value >= 0),
    end_time timestamptz NOT NULL,
    absence instagram.absence,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    updated_timestamp timestamptz NOT NULL,
    UNIQUE (user_id, hour, end_time),
    CHECK ((value IS NULL) <> (absence IS NULL))
);

COMMENT ON TABLE instagram.user_insight_online_follower IS 'Followers online, by hour of Meta''s day. Of the last 30 days only; 100 followers or more.';
COMMENT ON COLUMN instagram.user_insight_online_follower.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_insight_online_follower.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN instagram.user_insight_online_follower.hour IS 'Hour as Meta numbers it, 0 to 23; taken to be of UTC-7, converted to the account''s zone by analyse.';
COMMENT ON COLUMN instagram.user_insight_online_follower.value IS 'Followers online in that hour. Source: online_followers; an empty answer is not_yet.';
COMMENT ON COLUMN instagram.user_insight_online_follower.end_time IS 'Meta''s end of the day.';
COMMENT ON COLUMN instagram.user_insight_online_follower.absence IS 'Why value is NULL.';
COMMENT ON COLUMN instagram.user_insight_online_follower.source IS 'webhook, poll or backfill.';
COMMENT ON COLUMN instagram.user_insight_online_follower.observed_at IS 'When it was observed.';
COMMENT ON COLUMN instagram.user_insight_online_follower.api_version IS 'Version of the Graph API that was asked.';
COMMENT ON COLUMN instagram.user_insight_online_follower.updated_timestamp IS 'When the row last changed.';

CREATE TABLE instagram.user_insight_reach (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    period text NOT NULL CHECK (period IN ('day', 'week', 'days_28')),
    value bigint CHECK (value >= 0),
    end_time timestamptz NOT NULL,
    absence instagram.absence,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    updated_timestamp timestamptz NOT NULL,
    UNIQUE (user_id, period, end_time),
    CHECK ((value IS NULL) <> (absence IS NULL))
);

COMMENT ON TABLE instagram.user_insight_reach IS 'Unique people reached. Days do not add up to weeks: each period has a read of its own.';
COMMENT ON COLUMN instagram.user_insight_reach.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_insight_reach.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN instagram.user_insight_reach.period IS 'day, week (7 days) or days_28.';
COMMENT ON COLUMN instagram.user_insight_reach.value IS 'Unique people within the period. Source: reach.';
COMMENT ON COLUMN instagram.user_insight_reach.end_time IS 'End of the period: Meta''s, or the end of the window that was asked for.';
COMMENT ON COLUMN instagram.user_insight_reach.absence IS 'Why value is NULL.';
COMMENT ON COLUMN instagram.user_insight_reach.source IS 'webhook, poll or backfill.';
COMMENT ON COLUMN instagram.user_insight_reach.observed_at IS 'When it was observed.';
COMMENT ON COLUMN instagram.user_insight_reach.api_version IS 'Version of the Graph API that was asked.';
COMMENT ON COLUMN instagram.user_insight_reach.updated_timestamp IS 'When the row last changed.';

CREATE TABLE instagram.user_insight_visitor (
    user_id text NOT NULL,
    value bigint CHECK (value >= 0),
    end_time timestamptz NOT NULL,
    datestamp date NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    updated_timestamp timestamptz NOT NULL,
    absence instagram.absence,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    UNIQUE (user_id, datestamp),
    CHECK ((value IS NULL) <> (absence IS NULL))
);

COMMENT ON TABLE instagram.user_insight_visitor IS 'Views of the profile, by Meta''s day.';
COMMENT ON COLUMN instagram.user_insight_visitor.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN instagram.user_insight_visitor.value IS 'Views of the profile. Source: profile_views as a total; unsupported where it is refused.';
COMMENT ON COLUMN instagram.user_insight_visitor.end_time IS 'End of the day: Meta''s, or the end of the window that was asked for.';
COMMENT ON COLUMN instagram.user_insight_visitor.datestamp IS 'Meta''s day: the date of end_time in America/Los_Angeles, less one.';
COMMENT ON COLUMN instagram.user_insight_visitor.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_insight_visitor.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN instagram.user_insight_visitor.absence IS 'Why value is NULL.';
COMMENT ON COLUMN instagram.user_insight_visitor.source IS 'webhook, poll or backfill.';
COMMENT ON COLUMN instagram.user_insight_visitor.observed_at IS 'When it was observed.';
COMMENT ON COLUMN instagram.user_insight_visitor.api_version IS 'Version of the Graph API that was asked.';

CREATE TABLE instagram.user_insight_metric (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    metric text NOT NULL,
    breakdown text NOT NULL DEFAULT '',
    period text NOT NULL,
    value bigint,
    end_time timestamptz NOT NULL,
    absence instagram.absence,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    updated_timestamp timestamptz NOT NULL,
    UNIQUE (user_id, metric, breakdown, period, end_time),
    CHECK ((value IS NULL) <> (absence IS NULL))
);

COMMENT ON TABLE instagram.user_insight_metric IS 'Further daily figures of a profile that have no table of their own.';
COMMENT ON COLUMN instagram.user_insight_metric.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.user_insight_metric.user_id IS 'instagram.user.id.';
COMMENT ON COLUMN instagram.user_insight_metric.metric IS 'Name of the metric as the API gives it, lower case: profile_links_taps, accounts_engaged, follower_count, ...';
COMMENT ON COLUMN instagram.user_insight_metric.breakdown IS 'Value of the breakdown, lower case (a contact button, follow or unfollow); empty for the total.';
COMMENT ON COLUMN instagram.user_insight_metric.period IS 'Period as the API names it: day, week, days_28, lifetime.';
COMMENT ON COLUMN instagram.user_insight_metric.value IS 'The figure, in the metric''s own unit (mostly a count).';
COMMENT ON COLUMN instagram.user_insight_metric.end_time IS 'End of the period: Meta''s, or the end of the window that was asked for.';
COMMENT ON COLUMN instagram.user_insight_metric.absence IS 'Why value is NULL.';
COMMENT ON COLUMN instagram.user_insight_metric.source IS 'webhook, poll or backfill.';
COMMENT ON COLUMN instagram.user_insight_metric.observed_at IS 'When it was observed.';
COMMENT ON COLUMN instagram.user_insight_metric.api_version IS 'Version of the Graph API that was asked.';
COMMENT ON COLUMN instagram.user_insight_metric.updated_timestamp IS 'When the row last changed.';

-- Media ---------------------------------------------------------------------------------------------------------------

CREATE TABLE instagram.media (
    id text PRIMARY KEY CHECK (id <> ''),
    user_id text,
    permalink text,
    media_type text,
    "timestamp" timestamptz,
    username text,
    caption text,
    is_comment_enabled boolean,
    comments_count bigint CHECK (comments_count >= 0),
    like_count bigint CHECK (like_count >= 0),
    media_url text,
    thumbnail_url text,
    shortcode text,
    owner_id text,
    media_hastag text,
    is_archieved boolean,
    updated_timestamp timestamptz,
    datestamp date,
    media_product_type text,
    is_shared_to_feed boolean,
    ad_id text,
    original_media_id text,
    parent_id text,
    absence instagram.absences,
    first_seen_at timestamptz NOT NULL,
    deleted_at timestamptz,
    lost_at timestamptz
);

-- For analyse and for lists of an account's media, newest first.
CREATE INDEX media_user_id_timestamp ON instagram.media (user_id, "timestamp") WHERE user_id IS NOT NULL;

COMMENT ON TABLE instagram.media IS 'Posts, reels, stories, albums and their children. A row may be a stub: only its id is known until it is read.';
COMMENT ON COLUMN instagram.media.id IS 'Instagram media id. Source: webhook or any read.';
COMMENT ON COLUMN instagram.media.user_id IS 'instagram.user.id of the owner; NULL until a node, list or story read says who owns it. Media without an owner are outside analytics.';
COMMENT ON COLUMN instagram.media.permalink IS 'URL of the medium on Instagram. Source: media node.';
COMMENT ON COLUMN instagram.media.media_type IS 'IMAGE, VIDEO or CAROUSEL_ALBUM. Source: media node.';
COMMENT ON COLUMN instagram.media."timestamp" IS 'When it was published. Source: media node.';
COMMENT ON COLUMN instagram.media.username IS 'User name of the owner. Source: media node.';
COMMENT ON COLUMN instagram.media.caption IS 'Caption. Source: media node.';
COMMENT ON COLUMN instagram.media.is_comment_enabled IS 'Whether it can be commented. Source: media node.';
COMMENT ON COLUMN instagram.media.comments_count IS 'Comments when last read, without those on ads. Source: media node.';
COMMENT ON COLUMN instagram.media.like_count IS 'Likes when last read; hidden where the owner hides them. Source: media node.';
COMMENT ON COLUMN instagram.media.media_url IS 'URL of the content, which expires; NULL where the medium is flagged. Source: media node.';
COMMENT ON COLUMN instagram.media.thumbnail_url IS 'URL of a video''s thumbnail, which expires. Source: media node.';
COMMENT ON COLUMN instagram.media.shortcode IS 'Short code within the permalink. Source: media node.';
COMMENT ON COLUMN instagram.media.owner_id IS 'Id that the node gives as its owner, the same as user_id. Source: media node.';
COMMENT ON COLUMN instagram.media.media_hastag IS 'Hashtags of the caption, separated by spaces. Source: parsed from caption.';
COMMENT ON COLUMN instagram.media.is_archieved IS 'Whether the owner archived it. Exception: stays NULL, since the API does not tell.';
COMMENT ON COLUMN instagram.media.updated_timestamp IS 'When the row was last written; NULL for a stub that nothing has written since.';
COMMENT ON COLUMN instagram.media.datestamp IS 'Local day of the owner on which it was last read; NULL for a stub.';
COMMENT ON COLUMN instagram.media.media_product_type IS 'FEED, REELS, STORY or AD. Source: media node or webhook.';
COMMENT ON COLUMN instagram.media.is_shared_to_feed IS 'Whether a reel stands among the posts as well. Source: media node.';
COMMENT ON COLUMN instagram.media.ad_id IS 'Ad that shows this copy; NULL for what is no ad. Source: comments webhook.';
COMMENT ON COLUMN instagram.media.original_media_id IS 'The organic medium that an ad shows a copy of: its comments count for that one. Source: comments webhook.';
COMMENT ON COLUMN instagram.media.parent_id IS 'Album that this is a child of; NULL for what stands alone. Source: children edge.';
COMMENT ON COLUMN instagram.media.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';
COMMENT ON COLUMN instagram.media.first_seen_at IS 'When we first heard of it.';
COMMENT ON COLUMN instagram.media.deleted_at IS 'When it was found to be gone; NULL otherwise.';
COMMENT ON COLUMN instagram.media.lost_at IS 'When the moment to read its figures passed (a story''s 24 hours); NULL otherwise.';

CREATE TABLE instagram.media_comment (
    id text PRIMARY KEY CHECK (id <> ''),
    username text,
    media_id text,
    text text,
    "timestamp" timestamptz,
    like_count bigint CHECK (like_count >= 0),
    hidden boolean,
    updated_timestamp timestamptz NOT NULL,
    parent_id text,
    from_id text,
    account_id text,
    first_seen_at timestamptz NOT NULL,
    deleted_at timestamptz,
    source instagram.source NOT NULL,
    raw_event_id bytea,
    text_at timestamptz
);

-- For the comments of a medium in the order in which they were made.
CREATE INDEX media_comment_media_id ON instagram.media_comment (media_id, coalesce("timestamp", first_seen_at));

COMMENT ON TABLE instagram.media_comment IS 'Comments on media and replies to comments.';
COMMENT ON COLUMN instagram.media_comment.id IS 'Instagram comment id. Source: comments webhook or any read.';
COMMENT ON COLUMN instagram.media_comment.username IS 'User name of the author. Source: webhook or read.';
COMMENT ON COLUMN instagram.media_comment.media_id IS 'Medium that was commented; NULL until known. Source: webhook or read.';
COMMENT ON COLUMN instagram.media_comment.text IS 'Text; NUL and lone surrogates are U+FFFD here, pipeline.event has the original. Source: webhook or read.';
COMMENT ON COLUMN instagram.media_comment."timestamp" IS 'When it was made; NULL until read, because webhooks do not say (use coalesce with first_seen_at). Source: read.';
COMMENT ON COLUMN instagram.media_comment.like_count IS 'Likes when last read; NULL until read. Source: read.';
COMMENT ON COLUMN instagram.media_comment.hidden IS 'Whether the owner of the medium hides it; NULL until read. Source: read.';
COMMENT ON COLUMN instagram.media_comment.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN instagram.media_comment.parent_id IS 'Comment that this replies to; NULL for one at the top.';
COMMENT ON COLUMN instagram.media_comment.from_id IS 'Id of the author, valid for our app only. Source: webhook or read.';
COMMENT ON COLUMN instagram.media_comment.account_id IS 'Account whose webhook or read brought it.';
COMMENT ON COLUMN instagram.media_comment.first_seen_at IS 'When we first had it.';
COMMENT ON COLUMN instagram.media_comment.deleted_at IS 'When it was found to be gone, confirmed twice; NULL otherwise.';
COMMENT ON COLUMN instagram.media_comment.source IS 'webhook, poll or backfill: how it first came.';
COMMENT ON COLUMN instagram.media_comment.raw_event_id IS 'A webhook event about it, of several the one with the largest id; NULL where only a read brought it.';
COMMENT ON COLUMN instagram.media_comment.text_at IS 'When its text was said: arrival of the webhook, or time of the read. The latest text stays, in whatever order they land.';

CREATE TABLE instagram.media_like_comment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    media_id text NOT NULL,
    like_count bigint CHECK (like_count >= 0),
    comments_count bigint CHECK (comments_count >= 0),
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    comments_count_growth bigint,
    like_count_growth bigint,
    absence instagram.absences,
    UNIQUE (media_id, datestamp)
);

COMMENT ON TABLE instagram.media_like_comment IS 'Daily snapshot of a medium''s likes and comments: the last reading of the day.';
COMMENT ON COLUMN instagram.media_like_comment.id IS 'Surrogate key.';
COMMENT ON COLUMN instagram.media_like_comment.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN instagram.media_like_comment.like_count IS 'Likes; hidden where the owner hides them. Source: media node.';
COMMENT ON COLUMN instagram.media_like_comment.comments_count IS 'Comments, without those on ads. Source: media node.';
COMMENT ON COLUMN instagram.media_like_comment.updated_timestamp IS 'When the counts were observed.';
COMMENT ON COLUMN instagram.media_like_comment.datestamp IS 'Local day of the owner on which they were observed.';
COMMENT ON COLUMN instagram.media_like_comment.comments_count_growth IS 'Comments more than in the snapshot before; NULL where one is unknown. Written by analyse.';
COMMENT ON COLUMN instagram.media_like_comment.like_count_growth IS 'Likes more than in the snapshot before; NULL where one is unknown. Written by analyse.';
COMMENT ON COLUMN instagram.media_like_comment.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is.';

CREATE TABLE instagram.media_insight (
    id text PRIMARY KEY,
    media_id text NOT NULL,
    metric text NOT NULL,
    breakdown text NOT NULL DEFAULT '',
    value bigint,
    absence instagram.absence,
    updated_timestamp timestamptz NOT NULL,
    datestamp date NOT NULL,
    source instagram.source NOT NULL,
    observed_at timestamptz NOT NULL,
    api_version text,
    api_id text,
    UNIQUE (media_id, metric, breakdown, datestamp),
    CHECK ((value IS NULL) <> (absence IS NULL)),
    CHECK (value >= 0)
);

COMMENT ON TABLE instagram.media_insight IS 'Figures of a medium over its lifetime, as observed on each day; readings within a day overwrite each other.';
COMMENT ON COLUMN instagram.media_insight.id IS '<media>/<metric>/<breakdown>/<datestamp>: the API''s own id repeats every day.';
COMMENT ON COLUMN instagram.media_insight.media_id IS 'instagram.media.id.';
COMMENT ON COLUMN instagram.media_insight.metric IS 'Name of the metric as the API gives it today, lower case. Source: media insights or story_insights webhook.';
COMMENT ON COLUMN instagram.media_insight.breakdown IS 'Value of the breakdown, lower case (tap_forward, bio_link_clicked, ...); empty for the total.';
COMMENT ON COLUMN instagram.media_insight.value IS 'The figure, in the metric''s own unit: a count, or milliseconds for watch times.';
COMMENT ON COLUMN instagram.media_insight.absence IS 'Why value is NULL.';
COMMENT ON COLUMN instagram.media_insight.updated_timestamp IS 'When the row last changed.';
COMMENT ON COLUMN instagram.media_insight.datestamp IS 'UTC day on which it was observed.';
COMMENT ON COLUMN instagram.media_insight.source IS 'webhook, poll or backfill.';
COMMENT ON COLUMN instagram.media_insight.observed_at IS 'When it was observed.';
COMMENT ON COLUMN instagram.media_insight.api_version IS 'Version of the Graph API that was asked; NULL for webhooks.';
COMMENT ON COLUMN instagram.media_insight.api_id IS 'The API''s own id of the figure; NULL for webhooks.';

-- Tokens --------------------------------------------------------------------------------------------------------------

CREATE TABLE instagram.instagram_tokens (
    user_id text PRIMARY KEY,
    token text NOT NULL,
    token_secret text,
    expired_at timestamptz,
    flavour text NOT NULL CHECK (flavour IN ('facebook', 'instagram')),
    scopes text[] NOT NULL DEFAULT '{}',
    checked_at timestamptz,
    data_access_expires_at timestamptz,
    state text NOT NULL DEFAULT 'valid' CHECK (state IN ('valid', 'dead')),
    dead_reason text,
    updated_timestamp timestamptz NOT NULL,
    CHECK ((state = 'dead') = (dead_reason IS NOT NULL))
);

COMMENT ON TABLE instagram.instagram_tokens IS 'Access tokens, sealed: only a process with the token key can open them.';
COMMENT ON COLUMN instagram.instagram_tokens.user_id IS 'Account that the token reads. Source: operator.';
COMMENT ON COLUMN instagram.instagram_tokens.token IS 'User token, sealed (XChaCha20-Poly1305, bound to user_id and column). Source: operator, refresh.';
COMMENT ON COLUMN instagram.instagram_tokens.token_secret IS 'Page token, sealed. Source: operator. Exception: NULL where there is no page token, as with Instagram Login.';
COMMENT ON COLUMN instagram.instagram_tokens.expired_at IS 'When the token ends; NULL: unknown or never. Source: debug_token, refresh.';
COMMENT ON COLUMN instagram.instagram_tokens.flavour IS 'Login that it came from: facebook or instagram. Source: operator.';
COMMENT ON COLUMN instagram.instagram_tokens.scopes IS 'Permissions of the token. Source: debug_token.';
COMMENT ON COLUMN instagram.instagram_tokens.checked_at IS 'When it was last checked; NULL: never.';
COMMENT ON COLUMN instagram.instagram_tokens.data_access_expires_at IS 'When its access to data ends; NULL: unknown or never. Source: debug_token.';
COMMENT ON COLUMN instagram.instagram_tokens.state IS 'valid or dead.';
COMMENT ON COLUMN instagram.instagram_tokens.dead_reason IS 'Why it is dead, as code and subcode or the webhook''s word; NULL while it is valid.';
COMMENT ON COLUMN instagram.instagram_tokens.updated_timestamp IS 'When the row last changed.';
