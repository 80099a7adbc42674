-- Second factors. What an authenticator app shares with us is sealed under the appliance's key.
CREATE TABLE strongroom.factor (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES strongroom.account (id),
    kind         text NOT NULL CHECK (kind IN ('totp', 'passkey')),
    label        text NOT NULL CHECK (length(label) BETWEEN 1 AND 80),
    secret       bytea NOT NULL,
    state        text NOT NULL CHECK (state IN ('pending', 'active')), -- pending: its holder has not shown yet that it works
    last_step    bigint, -- of an app: the step of the last code that counted; none at or before it counts again
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz
);
CREATE INDEX factor_account ON strongroom.factor (account_id);
-- Invariant: an account sets up one factor at a time.
CREATE UNIQUE INDEX factor_pending ON strongroom.factor (account_id) WHERE state = 'pending';
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE OF account_id, kind, label, secret, state
    ON strongroom.factor DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT, DELETE, UPDATE (label, secret, state, last_step, last_used_at) ON strongroom.factor TO strongroom_app;

CREATE TABLE strongroom.recovery_code (
    account_id uuid NOT NULL REFERENCES strongroom.account (id),
    code_hash  bytea NOT NULL CHECK (length(code_hash) = 32),
    created_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (account_id, code_hash)
);
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.recovery_code
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON strongroom.recovery_code TO strongroom_app;

-- Sign-ins that wait for the second factor. Of the token in the cookie only the hash is stored.
CREATE TABLE strongroom.pending_sign_in (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES strongroom.account (id),
    method     text NOT NULL,
    tries_left smallint NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CHECK (expires_at <= created_at + interval '1 hour')
);
CREATE INDEX pending_sign_in_expiry ON strongroom.pending_sign_in (expires_at);
GRANT SELECT, INSERT, DELETE, UPDATE (tries_left) ON strongroom.pending_sign_in TO strongroom_app;

-- Wrong codes of an account, across its sign-ins: whoever knows the password cannot try codes for ever.
CREATE TABLE strongroom.factor_guard (
    account_id     uuid PRIMARY KEY REFERENCES strongroom.account (id),
    failures       integer NOT NULL CHECK (failures >= 0),
    last_failed_at timestamptz NOT NULL,
    blocked_until  timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE, UPDATE (failures, last_failed_at, blocked_until) ON strongroom.factor_guard TO strongroom_app;

-- What is asked of sign-ins: by the appliance (the nil id) of everybody, by an organization of its members.
CREATE TABLE strongroom.sign_in_policy (
    organization_id uuid PRIMARY KEY,
    policy          jsonb NOT NULL CHECK (jsonb_typeof(policy) = 'object'),
    changed_at      timestamptz NOT NULL
);
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.sign_in_policy
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT, UPDATE (policy, changed_at) ON strongroom.sign_in_policy TO strongroom_app;

-- Hashes of earlier passwords, so that they are not chosen again where that is asked.
CREATE TABLE strongroom.password_history (
    account_id  uuid NOT NULL REFERENCES strongroom.account (id),
    password    text NOT NULL,
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, replaced_at)
);
GRANT SELECT, INSERT, DELETE ON strongroom.password_history TO strongroom_app;

-- How a session passed the second step (null: it did not), and until when it may do what needs a fresh proof.
ALTER TABLE strongroom.session
    ADD COLUMN factor text CHECK (factor IN ('totp', 'passkey', 'recovery', 'break-glass')),
    ADD COLUMN elevated_until timestamptz;
CREATE CONSTRAINT TRIGGER require_entry_of_proof AFTER UPDATE OF factor, elevated_until, token_hash
    ON strongroom.session DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
