-- Codes by mail and by SMS as second factors. What is sealed in `secret` is the address or number.
ALTER TABLE strongroom.factor DROP CONSTRAINT factor_kind_check;
ALTER TABLE strongroom.factor ADD CONSTRAINT factor_kind_check CHECK (kind IN ('totp', 'passkey', 'mail', 'sms'));
-- Invariant: an account has one address and one number at most.
CREATE UNIQUE INDEX factor_destination ON strongroom.factor (account_id, kind) WHERE kind IN ('mail', 'sms') AND state = 'active';
ALTER TABLE strongroom.session DROP CONSTRAINT session_factor_check;
ALTER TABLE strongroom.session ADD CONSTRAINT session_factor_check
    CHECK (factor IN ('totp', 'passkey', 'mail', 'sms', 'recovery', 'break-glass', 'provider'));

-- Codes that were sent and wait. One at a time for each sign-in or session, good there alone. A code has eight digits, so
-- its hash is keyed.
CREATE TABLE strongroom.sent_code (
    ceremony   text NOT NULL CHECK (ceremony IN ('enrol', 'sign-in', 'proof')),
    holder     bytea NOT NULL CHECK (length(holder) BETWEEN 16 AND 32), -- the waiting sign-in's hash, or the session's id
    account_id uuid NOT NULL REFERENCES strongroom.account (id) ON DELETE CASCADE,
    factor_id  uuid NOT NULL REFERENCES strongroom.factor (id) ON DELETE CASCADE,
    code_hash  bytea NOT NULL CHECK (length(code_hash) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (ceremony, holder),
    CHECK (expires_at <= created_at + interval '1 hour')
);
CREATE INDEX sent_code_expiry ON strongroom.sent_code (expires_at);
CREATE INDEX sent_code_factor ON strongroom.sent_code (factor_id);
GRANT SELECT, INSERT, DELETE, UPDATE (account_id, factor_id, code_hash, created_at, expires_at) ON strongroom.sent_code
    TO strongroom_app;

-- How many codes went out, by account and in all (the nil id): messages cost money, and bury people.
CREATE TABLE strongroom.sent_code_count (
    subject      uuid NOT NULL,
    channel      text NOT NULL CHECK (channel IN ('mail', 'sms')),
    began_at     timestamptz NOT NULL,
    sent         integer NOT NULL CHECK (sent >= 0),
    PRIMARY KEY (subject, channel)
);
GRANT SELECT, INSERT, DELETE, UPDATE (began_at, sent) ON strongroom.sent_code_count TO strongroom_app;
