-- The control schema: who and where, never an organization's records.
CREATE SCHEMA strongroom;
GRANT USAGE ON SCHEMA strongroom TO strongroom_app;

CREATE TABLE strongroom.account (
    id                  uuid PRIMARY KEY,
    email               text NOT NULL CONSTRAINT account_email_taken UNIQUE,
    name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    password            text,
    state               text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    operator            boolean NOT NULL DEFAULT false,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    password_changed_at timestamptz
);

CREATE TABLE strongroom.organization (
    id             uuid PRIMARY KEY,
    slug           text NOT NULL CONSTRAINT organization_slug_taken UNIQUE,
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    schema_name    text NOT NULL UNIQUE CHECK (schema_name ~ '^o_[a-z2-7]{26}$'),
    state          text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'cancelled')),
    schema_version integer NOT NULL,
    audit_tag      bytea NOT NULL CHECK (length(audit_tag) = 16),
    login          bytea NOT NULL, -- the password of its database role, sealed
    policies       jsonb NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Keys are wrapped by the root key, which is never in the database. The nil id is the appliance itself.
CREATE TABLE strongroom.organization_key (
    organization_id uuid NOT NULL,
    version         integer NOT NULL CHECK (version > 0),
    wrapped         bytea NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (organization_id, version)
);

CREATE TABLE strongroom.membership (
    organization_id uuid NOT NULL REFERENCES strongroom.organization (id),
    account_id      uuid NOT NULL REFERENCES strongroom.account (id),
    role            text NOT NULL CHECK (role IN ('viewer', 'editor', 'accountant', 'administrator', 'owner')),
    state           text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'invited', 'disabled')),
    narrowing       jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT membership_taken PRIMARY KEY (organization_id, account_id)
);
CREATE INDEX membership_account ON strongroom.membership (account_id);

CREATE TABLE strongroom.session (
    id           uuid PRIMARY KEY,
    token_hash   bytea NOT NULL UNIQUE,
    account_id   uuid NOT NULL REFERENCES strongroom.account (id),
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    address      text NOT NULL,
    device       text NOT NULL
);
CREATE INDEX session_account ON strongroom.session (account_id) WHERE ended_at IS NULL;

CREATE TABLE strongroom.api_token (
    id              uuid PRIMARY KEY,
    public_id       text NOT NULL UNIQUE,
    secret_hash     bytea NOT NULL,
    account_id      uuid NOT NULL REFERENCES strongroom.account (id),
    organization_id uuid NOT NULL REFERENCES strongroom.organization (id),
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    permissions     text[], -- null: all that the member's role has
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at      timestamptz NOT NULL,
    last_used_at    timestamptz,
    revoked_at      timestamptz
);
CREATE INDEX api_token_account ON strongroom.api_token (account_id, organization_id);

CREATE TABLE strongroom.setting (
    name       text PRIMARY KEY,
    value      jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Background work. Payload and result carry ids and counts, never values of records.
CREATE TABLE strongroom.job (
    id              uuid PRIMARY KEY,
    organization_id uuid REFERENCES strongroom.organization (id),
    account_id      uuid REFERENCES strongroom.account (id),
    kind            text NOT NULL,
    state           text NOT NULL DEFAULT 'waiting' CHECK (state IN ('draft', 'waiting', 'running', 'done', 'failed', 'cancelled')),
    payload         jsonb NOT NULL,
    progress        jsonb NOT NULL DEFAULT '{}',
    result          jsonb,
    attempts        integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at      timestamptz,
    finished_at     timestamptz,
    lease_until     timestamptz
);
CREATE INDEX job_waiting ON strongroom.job (created_at) WHERE state IN ('waiting', 'running');
CREATE INDEX job_organization ON strongroom.job (organization_id, created_at DESC);

CREATE TABLE strongroom.idempotency (
    scope        bytea NOT NULL, -- SHA-256 over who, where and the key
    request_hash bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    response     bytea,          -- sealed; null while the first request runs
    PRIMARY KEY (scope)
);
CREATE INDEX idempotency_age ON strongroom.idempotency (created_at);

-- Sign-ins and requests; members see their own.
CREATE TABLE strongroom.access_event (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL,
    account_id      uuid,
    organization_id uuid,
    action          text NOT NULL, -- "sign-in", "sign-out" or method and route
    outcome         text NOT NULL, -- "done", "refused", "failed"
    status          integer,
    method          text NOT NULL, -- "password", "session", "token", "none"
    address         text NOT NULL,
    device          text NOT NULL,
    request_id      text NOT NULL
);
CREATE INDEX access_event_account ON strongroom.access_event (account_id, id DESC);
CREATE INDEX access_event_organization ON strongroom.access_event (organization_id, id DESC);

CREATE TABLE strongroom.promise_observation (
    promise_id  text NOT NULL,
    checked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    observation jsonb NOT NULL,
    PRIMARY KEY (promise_id, checked_at)
);

-- The audit log of acts on the appliance and on accounts, in the shape of an organization's own.
CREATE TABLE strongroom.entry (
    id              uuid PRIMARY KEY,
    sequence        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    organization_id uuid, -- the organization that sees it besides the operator
    kind           smallint NOT NULL CHECK (kind BETWEEN 1 AND 8),
    key_version    integer NOT NULL,
    header         bytea NOT NULL,
    c_header       bytea NOT NULL CHECK (length(c_header) = 32),
    c_before       bytea NOT NULL CHECK (length(c_before) = 32),
    c_after        bytea NOT NULL CHECK (length(c_after) = 32),
    transaction_id xid8 NOT NULL,
    appended_at    timestamptz NOT NULL
);
CREATE INDEX entry_transaction ON strongroom.entry (transaction_id);
CREATE INDEX entry_organization ON strongroom.entry (organization_id, sequence DESC);

-- The outbox of the sequencer: commitments only.
CREATE TABLE strongroom.audit_pending (
    sequence    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schema_name text NOT NULL, -- whose log; 'strongroom' is the appliance's
    entry_id    uuid NOT NULL,
    kind        smallint NOT NULL,
    key_version integer NOT NULL,
    c_header    bytea NOT NULL,
    c_before    bytea NOT NULL,
    c_after     bytea NOT NULL,
    appended_at timestamptz NOT NULL
);

CREATE FUNCTION strongroom.append_entry(
    entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea,
    organization uuid
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    appended timestamptz := clock_timestamp();
BEGIN
    INSERT INTO strongroom.entry
        (id, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at)
    VALUES (entry_id, organization, entry_kind, key_version, header, c_header, c_before, c_after, pg_current_xact_id(), appended);
    INSERT INTO strongroom.audit_pending (schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at)
    VALUES ('strongroom', entry_id, entry_kind, key_version, c_header, c_before, c_after, appended);
    RETURN appended;
END
$$;
GRANT EXECUTE ON FUNCTION strongroom.append_entry TO strongroom_app;

-- Invariant: no change to access or settings without an entry in the same transaction.
CREATE FUNCTION strongroom.require_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM strongroom.entry WHERE transaction_id = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'a change of % without its audit entry', TG_TABLE_NAME USING
            ERRCODE = 'SR001', CONSTRAINT = 'require_entry'; -- diesel keeps a constraint's name but no SQLSTATE
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE OF email, name, password, state, operator
    ON strongroom.account DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE
    OR UPDATE OF id, slug, name, schema_name, state, audit_tag, login, policies, created_at -- schema_version is the migrations'
    ON strongroom.organization DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.organization_key
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE OF ended_at ON strongroom.session
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE OF revoked_at, permissions, expires_at, secret_hash
    ON strongroom.api_token DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.setting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();

GRANT SELECT, INSERT, UPDATE (slug, name, state, login, policies) ON strongroom.organization TO strongroom_app;
GRANT SELECT, INSERT, UPDATE ON strongroom.account, strongroom.organization_key,
    strongroom.membership, strongroom.session, strongroom.api_token, strongroom.setting, strongroom.job TO strongroom_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON strongroom.idempotency, strongroom.promise_observation TO strongroom_app;
GRANT SELECT, INSERT ON strongroom.access_event TO strongroom_app;
GRANT SELECT ON strongroom.entry, strongroom.audit_pending TO strongroom_app;
GRANT DELETE ON strongroom.membership TO strongroom_app;

-- What an organization's schema is made of, step by step; only migrations write here.
CREATE TABLE strongroom.organization_template (
    version integer PRIMARY KEY,
    up      text NOT NULL
);

-- Makes an organization's schema and its login role. The password arrives as a SCRAM verifier, never in the clear.
CREATE FUNCTION strongroom.create_organization_schema(schema_name text, verifier text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    step record;
    reached integer := 0;
BEGIN
    IF schema_name !~ '^o_[a-z2-7]{26}$' OR verifier !~ '^SCRAM-SHA-256\$' THEN
        RAISE EXCEPTION 'not a generated schema name and verifier' USING ERRCODE = 'SR002';
    END IF;
    -- Two at once would both rewrite the rights of the database and of the functions, and the second would fail.
    PERFORM pg_advisory_xact_lock(hashtext('strongroom.create_organization_schema'));
    EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT CONNECTION LIMIT 64 PASSWORD %L', schema_name, verifier);
    EXECUTE format('ALTER ROLE %I SET statement_timeout = ''60s''', schema_name);
    EXECUTE format('ALTER ROLE %I SET lock_timeout = ''10s''', schema_name);
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''300s''', schema_name);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), schema_name);
    EXECUTE format('CREATE SCHEMA %I', schema_name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema_name, schema_name);
    EXECUTE format('GRANT USAGE ON SCHEMA strongroom TO %I', schema_name);
    EXECUTE format('GRANT EXECUTE ON FUNCTION strongroom.create_dataset, strongroom.alter_dataset,
        strongroom.drop_dataset, strongroom.add_field, strongroom.alter_field, strongroom.drop_field,
        strongroom.seal_field_begin, strongroom.seal_field_finish, strongroom.index_search TO %I', schema_name);
    FOR step IN SELECT version, up FROM strongroom.organization_template ORDER BY version LOOP
        EXECUTE replace(step.up, '{{schema}}', schema_name);
        reached := step.version;
    END LOOP;
    RETURN reached;
END
$$;
GRANT EXECUTE ON FUNCTION strongroom.create_organization_schema TO strongroom_app;

-- The schema of the organization that is logged in. session_user cannot be changed by SQL of a login without rights.
CREATE FUNCTION strongroom.tenant() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user !~ '^o_[a-z2-7]{26}$' THEN
        RAISE EXCEPTION 'not an organization''s login' USING ERRCODE = 'SR002';
    END IF;
    RETURN session_user::text;
END
$$;

CREATE FUNCTION strongroom.column_type(kind text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE
        WHEN kind IN ('text', 'long_text', 'choice', 'email', 'url', 'phone') THEN 'text'
        WHEN kind IN ('integer', 'auto_number') THEN 'bigint'
        WHEN kind IN ('decimal', 'money', 'geo_point') THEN 'numeric'
        WHEN kind = 'boolean' THEN 'boolean'
        WHEN kind = 'date' THEN 'date'
        WHEN kind = 'timestamp' THEN 'timestamptz'
        WHEN kind = 'multiple_choice' THEN 'text[]'
        WHEN kind IN ('reference', 'attachment') THEN 'uuid'
        WHEN kind = 'json' THEN 'jsonb'
        WHEN kind = 'sensitive_text' THEN 'bytea'
    END;
END
$$;

CREATE FUNCTION strongroom.create_dataset(dataset_key text, label text, description text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home text := strongroom.tenant();
    dataset integer;
BEGIN
    EXECUTE format('INSERT INTO %I._dataset (key, label, description) VALUES ($1, $2, $3) RETURNING id', home)
        INTO dataset USING dataset_key, label, description;
    EXECUTE format('CREATE TABLE %I.%I (
        id         uuid PRIMARY KEY,
        version    bigint NOT NULL CHECK (version > 0),
        created_at timestamptz NOT NULL,
        created_by uuid NOT NULL,
        updated_at timestamptz NOT NULL,
        updated_by uuid NOT NULL,
        deleted_at timestamptz,
        commitment bytea NOT NULL,
        record_key bytea NOT NULL)', home, 'd' || dataset);
    EXECUTE format('CREATE TRIGGER check_insert AFTER INSERT ON %1$I.%2$I REFERENCING NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION %1$I._check_insert()', home, 'd' || dataset);
    EXECUTE format('CREATE TRIGGER check_update AFTER UPDATE ON %1$I.%2$I REFERENCING OLD TABLE AS before NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION %1$I._check_update()', home, 'd' || dataset);
    EXECUTE format('CREATE TRIGGER check_delete AFTER DELETE ON %1$I.%2$I REFERENCING OLD TABLE AS before
        FOR EACH STATEMENT EXECUTE FUNCTION %1$I._check_delete()', home, 'd' || dataset);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO %I', home, 'd' || dataset, home);
    RETURN dataset;
END
$$;

CREATE FUNCTION strongroom.alter_dataset(dataset integer, new_label text, new_description text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('UPDATE %I._dataset SET label = $2, description = $3, schema_version = schema_version + 1 WHERE id = $1',
        strongroom.tenant()) USING dataset, new_label, new_description;
END
$$;

CREATE FUNCTION strongroom.drop_dataset(dataset integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home text := strongroom.tenant();
BEGIN
    EXECUTE format('DROP TABLE %I.%I', home, 'd' || dataset);
    EXECUTE format('DELETE FROM %I._field WHERE dataset_id = $1', home) USING dataset;
    EXECUTE format('DELETE FROM %I._dataset WHERE id = $1', home) USING dataset;
END
$$;

-- Counts a change of the definition; writers that checked against the one before are refused by _append_record.
CREATE FUNCTION strongroom.touch_dataset(home text, dataset integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE', home, 'd' || dataset);
    EXECUTE format('DROP INDEX IF EXISTS %I.%I', home, 'd' || dataset || '_search');
    EXECUTE format('UPDATE %I._dataset SET schema_version = schema_version + 1 WHERE id = $1', home) USING dataset;
END
$$;

-- Unique and plain indexes of a field follow its definition.
CREATE FUNCTION strongroom.index_field(home text, dataset integer, field integer, kind text, definition jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    target text := 'd' || dataset;
    col text := 'f' || field || CASE WHEN kind = 'sensitive_text' THEN '_blind' ELSE '' END;
    uniq text := 'f' || field || '_unique';
    plain text := 'f' || field || '_index';
BEGIN
    IF definition ->> 'uniqueness' = 'unique' THEN
        EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %I.%I (%I)', uniq, home, target, col);
    ELSE
        EXECUTE format('DROP INDEX IF EXISTS %I.%I', home, uniq);
    END IF;
    IF definition ->> 'indexing' = 'indexed' AND kind NOT IN ('json', 'long_text', 'attachment') THEN
        EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I.%I (%I, id)', plain, home, target, col);
    ELSE
        EXECUTE format('DROP INDEX IF EXISTS %I.%I', home, plain);
    END IF;
END
$$;

-- An index for full-text search over the text fields as they are now. The expression is the one that queries use
-- (`store::tenant::query`); a change of the fields drops the index, and the worker makes it anew.
CREATE FUNCTION strongroom.index_search(dataset integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home text := strongroom.tenant();
    document text;
    found_index regclass := to_regclass(format('%I.%I', home, 'd' || dataset || '_search'));
BEGIN
    EXECUTE format($query$
        SELECT string_agg('coalesce("f' || id || '", '''')', ' || '' '' || ' ORDER BY position) FROM %I._field
        WHERE dataset_id = $1 AND kind IN ('text', 'long_text', 'choice', 'email', 'url', 'phone')
    $query$, home)
        INTO document USING dataset;
    IF document IS NULL OR found_index IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE INDEX %I ON %I.%I USING gin (to_tsvector(''simple'', %s))',
        'd' || dataset || '_search', home, 'd' || dataset, document);
    RETURN true;
END
$$;

CREATE FUNCTION strongroom.add_field(dataset integer, field_key text, label text, kind text, definition jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home text := strongroom.tenant();
    field integer;
    col text;
    target text := 'd' || dataset;
BEGIN
    PERFORM strongroom.touch_dataset(home, dataset);
    EXECUTE format('INSERT INTO %I._field (dataset_id, key, label, kind, definition, position)
        VALUES ($1, $2, $3, $4, $5, (SELECT coalesce(max(position), 0) + 1 FROM %I._field WHERE dataset_id = $1)) RETURNING id',
        home, home) INTO field USING dataset, field_key, label, kind, definition;
    col := 'f' || field;
    EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I %s', home, target, col, strongroom.column_type(kind));
    IF kind = 'money' THEN
        EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I text', home, target, col || '_currency');
    ELSIF kind = 'geo_point' THEN
        EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I numeric', home, target, col || '_longitude');
    ELSIF kind = 'sensitive_text' THEN
        EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I bytea', home, target, col || '_blind');
    ELSIF kind = 'auto_number' THEN
        EXECUTE format('CREATE SEQUENCE %I.%I', home, col || '_number');
        EXECUTE format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I', home, col || '_number', home, target, col);
        EXECUTE format('GRANT USAGE ON SEQUENCE %I.%I TO %I', home, col || '_number', home);
    ELSIF kind = 'reference' THEN
        EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %I.%I (id)',
            home, target, col || '_reference', col, home, 'd' || (definition -> 'rules' ->> 'dataset')::integer);
    ELSIF kind = 'attachment' THEN
        EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %I._file (id)',
            home, target, col || '_attachment', col, home);
    END IF;
    PERFORM strongroom.index_field(home, dataset, field, kind, definition);
    RETURN field;
END
$$;

CREATE FUNCTION strongroom.alter_field(field integer, new_label text, new_definition jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home text := strongroom.tenant();
    found_field record;
BEGIN
    EXECUTE format('UPDATE %I._field SET label = $2, definition = $3 WHERE id = $1 RETURNING dataset_id, kind', home)
        INTO STRICT found_field USING field, new_label, new_definition;
    PERFORM strongroom.touch_dataset(home, found_field.dataset_id);
    PERFORM strongroom.index_field(home, found_field.dataset_id, field, found_field.kind, new_definition);
END
$$;

CREATE FUNCTION strongroom.drop_field(field integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home text := strongroom.tenant();
    dataset integer;
    suffix text;
BEGIN
    EXECUTE format('DELETE FROM %I._field WHERE id = $1 RETURNING dataset_id', home) INTO STRICT dataset USING field;
    PERFORM strongroom.touch_dataset(home, dataset);
    FOREACH suffix IN ARRAY ARRAY['', '_currency', '_longitude', '_blind'] LOOP
        EXECUTE format('ALTER TABLE %I.%I DROP COLUMN IF EXISTS %I', home, 'd' || dataset, 'f' || field || suffix);
    END LOOP;
END
$$;

-- Making a text field sensitive: the old column steps aside, the program fills the sealed one, then the old one goes
-- and the table is rewritten, because a dropped column's bytes otherwise stay in its pages.
CREATE FUNCTION strongroom.seal_field_begin(field integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home text := strongroom.tenant();
    found_field record;
    col text := 'f' || field;
    target text;
BEGIN
    EXECUTE format('UPDATE %I._field SET kind = ''sensitive_text'' WHERE id = $1
        AND kind IN (''text'', ''long_text'', ''email'', ''phone'', ''url'', ''choice'') RETURNING dataset_id', home)
        INTO STRICT found_field USING field;
    target := 'd' || found_field.dataset_id;
    PERFORM strongroom.touch_dataset(home, found_field.dataset_id);
    EXECUTE format('DROP INDEX IF EXISTS %I.%I', home, col || '_unique');
    EXECUTE format('DROP INDEX IF EXISTS %I.%I', home, col || '_index');
    EXECUTE format('ALTER TABLE %I.%I RENAME COLUMN %I TO %I', home, target, col, col || '_plain');
    EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I bytea, ADD COLUMN %I bytea', home, target, col, col || '_blind');
END
$$;

CREATE FUNCTION strongroom.seal_field_finish(field integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home text := strongroom.tenant();
    found_field record;
    target text;
    col text := 'f' || field;
    left_over boolean;
BEGIN
    EXECUTE format('SELECT dataset_id, definition FROM %I._field WHERE id = $1 AND kind = ''sensitive_text''', home)
        INTO STRICT found_field USING field;
    target := 'd' || found_field.dataset_id;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I WHERE %I IS NOT NULL AND %I IS NULL)', home, target, col || '_plain', col)
        INTO left_over;
    IF left_over THEN
        RAISE EXCEPTION 'some values are not sealed yet' USING ERRCODE = 'SR002';
    END IF;
    EXECUTE format('ALTER TABLE %I.%I DROP COLUMN %I', home, target, col || '_plain');
    EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN version TYPE bigint USING version + 0', home, target);
    PERFORM strongroom.index_field(home, found_field.dataset_id, field, 'sensitive_text', found_field.definition);
END
$$;
