-- Links with which somebody who has forgotten their password sets another. Of the token in the link only the hash is stored.
CREATE TABLE strongroom.password_reset (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES strongroom.account (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    voided_at  timestamptz,
    CHECK (expires_at <= created_at + interval '1 hour')
);
-- Invariant: an account has at most one open link; a new one takes the place of the old one.
CREATE UNIQUE INDEX password_reset_open ON strongroom.password_reset (account_id) WHERE used_at IS NULL AND voided_at IS NULL;
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.password_reset
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT, UPDATE (used_at, voided_at) ON strongroom.password_reset TO strongroom_app;
