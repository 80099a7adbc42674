-- Links with which a person sets a first password. Of the token in the link only the hash is stored.
CREATE TABLE strongroom.invitation (
    id              uuid PRIMARY KEY,
    token_hash      bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    account_id      uuid NOT NULL REFERENCES strongroom.account (id),
    organization_id uuid REFERENCES strongroom.organization (id), -- null: made by the operator on the host
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz,
    voided_at       timestamptz
);
-- Invariant: a person has at most one open invitation; a new one takes the place of the old one.
CREATE UNIQUE INDEX invitation_open ON strongroom.invitation (account_id) WHERE used_at IS NULL AND voided_at IS NULL;
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.invitation
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT, UPDATE (used_at, voided_at) ON strongroom.invitation TO strongroom_app;
