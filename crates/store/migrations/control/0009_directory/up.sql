-- LDAP directories whose people sign in here. Who they are is in `identity`.
CREATE TABLE strongroom.directory (
    id            uuid PRIMARY KEY,
    key           text NOT NULL CONSTRAINT directory_key_taken UNIQUE CHECK (key ~ '^[a-z][a-z0-9-]{0,38}$'),
    state         text NOT NULL CHECK (state IN ('active', 'disabled')),
    settings      jsonb NOT NULL,
    secret        bytea, -- the service account's password, sealed; null until it is set anew
    first_sign_in text NOT NULL CHECK (first_sign_in IN ('refuse', 'wait', 'create')),
    last_sync     jsonb, -- when, what came of it: house-keeping
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL
);

-- Which group of a directory gives which role where.
CREATE TABLE strongroom.group_mapping (
    directory_id    uuid NOT NULL REFERENCES strongroom.directory (id) ON DELETE CASCADE,
    group_key       text NOT NULL CHECK (length(group_key) BETWEEN 1 AND 4096), -- a normal name, a SID or a GUID
    organization_id uuid NOT NULL REFERENCES strongroom.organization (id),
    role            text NOT NULL CHECK (role IN ('viewer', 'editor', 'accountant', 'administrator', 'owner')),
    PRIMARY KEY (directory_id, group_key, organization_id)
);

-- What a directory gave, it may take; what people gave stays theirs.
ALTER TABLE strongroom.membership ADD COLUMN source_id uuid;
CREATE INDEX membership_source ON strongroom.membership (source_id) WHERE source_id IS NOT NULL;

-- Disabled or gone in the directory. Another thing than `state`: neither undoes the other.
ALTER TABLE strongroom.account ADD COLUMN barred_by_directory boolean NOT NULL DEFAULT false;

CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE
    OR UPDATE OF id, key, state, settings, secret, first_sign_in, created_at ON strongroom.directory
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.group_mapping
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
CREATE CONSTRAINT TRIGGER require_entry_for_directory AFTER UPDATE OF barred_by_directory ON strongroom.account
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();

GRANT SELECT, INSERT, UPDATE (state, settings, secret, first_sign_in, last_sync, changed_at), DELETE
    ON strongroom.directory TO strongroom_app;
GRANT SELECT, INSERT, UPDATE (role), DELETE ON strongroom.group_mapping TO strongroom_app;
