-- no-transaction
--
-- Built beside those who write: the queue may hold a million reads, and an index that is built in a transaction
-- would hold them all up.
--
-- Queries that need it: enrich (how many media of an account were wanted lately).

CREATE INDEX CONCURRENTLY IF NOT EXISTS enrichment_task_media_wanted
ON pipeline.enrichment_task (account_id, wanted_at) WHERE kind = 'media';
