DROP TABLE strongroom.sent_code_count;
DROP TABLE strongroom.sent_code;
-- Whoever passed by a sent code signs in anew, and such factors go: the program before this one knows neither. No act of anybody
-- is behind this, so there is no entry.
ALTER TABLE strongroom.session DISABLE TRIGGER USER;
ALTER TABLE strongroom.factor DISABLE TRIGGER USER;
UPDATE strongroom.session SET factor = NULL, elevated_until = NULL, ended_at = coalesce(ended_at, clock_timestamp())
    WHERE factor IN ('mail', 'sms');
DELETE FROM strongroom.factor WHERE kind IN ('mail', 'sms');
ALTER TABLE strongroom.factor ENABLE TRIGGER USER;
ALTER TABLE strongroom.session ENABLE TRIGGER USER;
ALTER TABLE strongroom.session DROP CONSTRAINT session_factor_check;
ALTER TABLE strongroom.session ADD CONSTRAINT session_factor_check
    CHECK (factor IN ('totp', 'passkey', 'recovery', 'break-glass', 'provider'));
DROP INDEX strongroom.factor_destination;
ALTER TABLE strongroom.factor DROP CONSTRAINT factor_kind_check;
ALTER TABLE strongroom.factor ADD CONSTRAINT factor_kind_check CHECK (kind IN ('totp', 'passkey'));
