DROP TABLE strongroom.sent_code_count;
DROP TABLE strongroom.sent_code;
ALTER TABLE strongroom.session DROP CONSTRAINT session_factor_check;
-- Sessions that passed by a sent code, and such factors, may still be there.
ALTER TABLE strongroom.session ADD CONSTRAINT session_factor_check
    CHECK (factor IN ('totp', 'passkey', 'recovery', 'break-glass', 'provider')) NOT VALID;
DROP INDEX strongroom.factor_destination;
ALTER TABLE strongroom.factor DROP CONSTRAINT factor_kind_check;
ALTER TABLE strongroom.factor ADD CONSTRAINT factor_kind_check CHECK (kind IN ('totp', 'passkey')) NOT VALID;
