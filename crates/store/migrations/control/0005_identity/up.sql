-- Who an account is elsewhere: at an OpenID provider, or in a directory. The subject is what that source never gives to
-- anybody else; names and addresses are attributes that change, and stand nowhere here.
CREATE TABLE strongroom.identity (
    source_kind text NOT NULL CHECK (source_kind IN ('openid', 'directory')),
    source_id   uuid NOT NULL,
    subject     text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    account_id  uuid NOT NULL REFERENCES strongroom.account (id),
    created_at  timestamptz NOT NULL,
    CONSTRAINT identity_taken PRIMARY KEY (source_kind, source_id, subject),
    -- Invariant: an account is one person of a source.
    CONSTRAINT identity_one_of_source UNIQUE (source_kind, source_id, account_id)
);
CREATE INDEX identity_account ON strongroom.identity (account_id);

-- Persons of a source whom nobody has let in yet.
CREATE TABLE strongroom.identity_request (
    source_kind text NOT NULL CHECK (source_kind IN ('openid', 'directory')),
    source_id   uuid NOT NULL,
    subject     text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    name        text CHECK (length(name) <= 254),
    email       text CHECK (length(email) <= 254),
    asked_at    timestamptz NOT NULL,
    PRIMARY KEY (source_kind, source_id, subject)
);

CREATE TABLE strongroom.openid_provider (
    id         uuid PRIMARY KEY,
    key        text NOT NULL CONSTRAINT openid_provider_key_taken UNIQUE CHECK (key ~ '^[a-z][a-z0-9-]{0,38}$'),
    label      text NOT NULL CHECK (length(label) BETWEEN 1 AND 80),
    state      text NOT NULL CHECK (state IN ('active', 'disabled')),
    issuer     text NOT NULL, -- never changed: identities are this issuer's
    settings   jsonb NOT NULL,
    secret     bytea,         -- sealed
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);

-- Answers of providers that were taken, by the digest of their state, so that each counts once.
CREATE TABLE strongroom.openid_answer (
    state_digest bytea PRIMARY KEY CHECK (length(state_digest) = 32),
    taken_at     timestamptz NOT NULL
);
CREATE INDEX openid_answer_age ON strongroom.openid_answer (taken_at);

DO $$
DECLARE
    audited text;
BEGIN
    FOREACH audited IN ARRAY ARRAY['identity', 'identity_request', 'openid_provider'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.%I
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry()', audited);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, DELETE ON strongroom.identity, strongroom.identity_request, strongroom.openid_answer TO strongroom_app;
GRANT SELECT, INSERT, UPDATE (label, state, settings, secret, changed_at), DELETE ON strongroom.openid_provider TO strongroom_app;
