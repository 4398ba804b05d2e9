-- Receivers of alerts and digests who are told by mail.
--
-- Queries that need it: serve (who is told), deliver (how).

-- A few receivers of each account, added by people: the scan is short. The new check allows all that the old one did.
ALTER TABLE pipeline.alert_channel
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT alert_channel_kind_check,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT alert_channel_kind_check CHECK (kind IN ('webhook', 'email'));

COMMENT ON COLUMN pipeline.alert_channel.kind IS 'How: webhook or email.';
COMMENT ON COLUMN pipeline.alert_channel.address IS 'Where: an address of the web, or mailto: with one of mail.';
COMMENT ON COLUMN pipeline.alert_attempt.status IS 'The status that the receiver, or the mail server, answered; NULL where it did not.';
