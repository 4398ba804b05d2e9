-- Figures of accounts: what they are when a whole answer is missing, decimals, and metrics that an account is refused.
--
-- Queries that need it: the upserts of the tables user_insight_* and every reader of their values; enrich (metrics that are not asked for).

ALTER TABLE instagram.user_insight_metric ALTER COLUMN value TYPE numeric;

COMMENT ON COLUMN instagram.user_insight_metric.value IS 'The figure as the API sent it, in the metric''s own unit: mostly a count (a whole number). Source: user insights.';
COMMENT ON COLUMN instagram.user_insight_audience_city.city IS 'City: what stands before the last comma; empty: why the list as a whole is missing. Source: follower_demographics, breakdown city; before that audience_city.';
COMMENT ON COLUMN instagram.user_insight_audience_country.country_code IS 'Country, ISO 3166 alpha-2; empty: why the list as a whole is missing. Source: follower_demographics, breakdown country; before that audience_country.';
COMMENT ON COLUMN instagram.user_insight_audience_gender_age.age IS 'Age range in years, as 25-34 or 65+; empty (with gender U): why the list as a whole is missing.';
COMMENT ON COLUMN instagram.user_data.absence IS 'Why a figure is NULL, as {column: reason}; NULL where none is. All three not_public: a competitor that cannot be read any more under its name.';

CREATE TABLE pipeline.refused_metric (
    account_id text NOT NULL,
    metric text NOT NULL CHECK (metric <> ''),
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, metric)
);

COMMENT ON TABLE pipeline.refused_metric IS 'Figures of an account that the API refused while it answered others: not asked for again for a while.';
COMMENT ON COLUMN pipeline.refused_metric.account_id IS 'The account.';
COMMENT ON COLUMN pipeline.refused_metric.metric IS 'The metric.';
COMMENT ON COLUMN pipeline.refused_metric.refused_at IS 'When it was last refused.';
