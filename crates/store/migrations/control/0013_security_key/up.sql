-- Passkeys and security keys. What is sealed in `secret` is the public key with what the authenticator said of itself; in
-- `last_step` stands its signature counter.
ALTER TABLE strongroom.factor
    ADD COLUMN credential_hash bytea CHECK (length(credential_hash) = 32), -- SHA-256 of the credential's id
    ADD COLUMN relying_party text CHECK (length(relying_party) BETWEEN 1 AND 253), -- the host that the key is bound to
    ADD CONSTRAINT factor_key CHECK (
        kind = 'passkey' OR (credential_hash IS NULL AND relying_party IS NULL));
-- Invariant: a credential belongs to one account (Web Authentication section 7.1, step 26).
CREATE UNIQUE INDEX factor_credential ON strongroom.factor (credential_hash);
CREATE CONSTRAINT TRIGGER require_entry_of_key AFTER UPDATE OF credential_hash, relying_party ON strongroom.factor
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();

-- Questions to a key that wait for their answer. One at a time for each sign-in or session; whoever answers takes it.
CREATE TABLE strongroom.key_challenge (
    ceremony   text NOT NULL CHECK (ceremony IN ('enrol', 'sign-in', 'proof')),
    holder     bytea NOT NULL CHECK (length(holder) BETWEEN 16 AND 32), -- the waiting sign-in's hash, or the session's id
    account_id uuid NOT NULL REFERENCES strongroom.account (id) ON DELETE CASCADE,
    state      bytea NOT NULL, -- sealed
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (ceremony, holder),
    CHECK (expires_at <= created_at + interval '10 minutes')
);
CREATE INDEX key_challenge_expiry ON strongroom.key_challenge (expires_at);
GRANT SELECT, INSERT, DELETE, UPDATE (account_id, state, created_at, expires_at) ON strongroom.key_challenge TO strongroom_app;
