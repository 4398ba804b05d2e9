-- Figures of media keep their decimals: a rate of 0.37 is not 0.
--
-- Queries that need it: the upsert of instagram.media_insight and every reader of its value. The table is rewritten once.

ALTER TABLE instagram.media_insight ALTER COLUMN value TYPE numeric;

COMMENT ON COLUMN instagram.media_insight.value IS 'The figure as the API sent it, in the metric''s own unit: a count (a whole number), milliseconds for watch times, a share for rates.';
