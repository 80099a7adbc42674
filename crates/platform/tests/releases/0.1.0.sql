CREATE ROLE o_bmubls7mjxlsd6uwnguujs6ttb LOGIN NOINHERIT CONNECTION LIMIT 64 PASSWORD 'SCRAM-SHA-256$4096:TvAnXmN4KbmEN2HPsKNC9A==$kCZVAMsE3kjFa2e9TMD0T4io2iwjC00wdANxMSESW6Y=:hVV9XAyZRD45haDseF2j4kJAnrDn1ecMHFJ1BJMBtxE=';



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;


CREATE SCHEMA o_bmubls7mjxlsd6uwnguujs6ttb;


ALTER SCHEMA o_bmubls7mjxlsd6uwnguujs6ttb OWNER TO strongroom_owner;


CREATE SCHEMA strongroom;


ALTER SCHEMA strongroom OWNER TO strongroom_owner;


CREATE SCHEMA strongroom_migration;


ALTER SCHEMA strongroom_migration OWNER TO strongroom_owner;


CREATE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._append(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    appended timestamptz := clock_timestamp();
BEGIN
    INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at)
    VALUES (entry_id, entry_kind, key_version, header, c_header, c_before, c_after, pg_current_xact_id(), appended);
    INSERT INTO strongroom.audit_pending (schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at)
    VALUES ('o_bmubls7mjxlsd6uwnguujs6ttb', entry_id, entry_kind, key_version, c_header, c_before, c_after, appended);
    RETURN appended;
END
$$;


ALTER FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._append(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea) OWNER TO strongroom_owner;


CREATE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._append_record(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea, dataset integer, definition_version integer, record uuid, record_version bigint, image bytea) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    appended timestamptz := o_bmubls7mjxlsd6uwnguujs6ttb._append(entry_id, entry_kind, key_version, header, c_header, c_before, c_after);
BEGIN
    IF NOT EXISTS (SELECT FROM o_bmubls7mjxlsd6uwnguujs6ttb._dataset WHERE id = dataset AND schema_version = definition_version) THEN
        RAISE EXCEPTION 'the dataset was redefined' USING ERRCODE = 'SR003';
    END IF;
    INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed)
    VALUES (record, record_version, dataset, entry_id, 0, key_version, c_after, image);
    RETURN appended;
END
$$;


ALTER FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._append_record(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea, dataset integer, definition_version integer, record uuid, record_version bigint, image bytea) OWNER TO strongroom_owner;


CREATE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_definition(dataset integer, definition_version integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM o_bmubls7mjxlsd6uwnguujs6ttb._dataset WHERE id = dataset AND schema_version = definition_version) THEN
        RAISE EXCEPTION 'the dataset was redefined' USING ERRCODE = 'SR003';
    END IF;
END
$$;


ALTER FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_definition(dataset integer, definition_version integer) OWNER TO strongroom_owner;


CREATE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM before b
        LEFT JOIN o_bmubls7mjxlsd6uwnguujs6ttb._image i ON i.record_id = b.id AND i.version = b.version + 1
            AND i.transaction_id = pg_current_xact_id()
        WHERE i.record_id IS NULL
    ) THEN
        RAISE EXCEPTION 'a removed row of % without its audit entry', TG_TABLE_NAME USING ERRCODE = 'SR001';
    END IF;
    RETURN NULL;
END
$$;


ALTER FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_delete() OWNER TO strongroom_owner;


CREATE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_material TO 'off'
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed c
        LEFT JOIN o_bmubls7mjxlsd6uwnguujs6ttb._image i ON i.record_id = c.id AND i.version = c.version AND i.commitment = c.commitment
            AND i.transaction_id = pg_current_xact_id()
        WHERE i.record_id IS NULL OR c.version <> 1
    ) THEN
        RAISE EXCEPTION 'a new row of % without its audit entry', TG_TABLE_NAME USING ERRCODE = 'SR001';
    END IF;
    RETURN NULL;
END
$$;


ALTER FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_insert() OWNER TO strongroom_owner;


CREATE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    sealed text[];
    kept bigint;
BEGIN
    IF EXISTS (
        SELECT FROM changed c
        LEFT JOIN before b ON b.id = c.id
        LEFT JOIN o_bmubls7mjxlsd6uwnguujs6ttb._image i ON i.record_id = c.id AND i.version = c.version AND i.commitment = c.commitment
            AND i.transaction_id = pg_current_xact_id()
        WHERE b.id IS NULL OR c.version <> b.version AND (c.version <> b.version + 1 OR i.record_id IS NULL)
    ) THEN
        RAISE EXCEPTION 'a changed row of % without its audit entry', TG_TABLE_NAME USING ERRCODE = 'SR001';
    END IF;
    -- The same version: only the sealing of sealed columns may differ, under an entry of its own (key rotation).
    SELECT count(*) INTO kept FROM changed c JOIN before b ON b.id = c.id WHERE c.version = b.version;
    IF kept > 0 THEN
        SELECT array_agg(attname::text) INTO sealed FROM pg_attribute
        WHERE attrelid = TG_RELID AND atttypid = 'bytea'::regtype AND attname <> 'commitment' AND NOT attisdropped;
        IF NOT EXISTS (SELECT FROM o_bmubls7mjxlsd6uwnguujs6ttb._entry WHERE transaction_id = pg_current_xact_id() AND kind = 5)
            OR EXISTS (
                SELECT FROM changed c JOIN before b ON b.id = c.id
                WHERE c.version = b.version AND (to_jsonb(c) - sealed) IS DISTINCT FROM (to_jsonb(b) - sealed)
            )
        THEN
            RAISE EXCEPTION 'a row of % changed without a new version', TG_TABLE_NAME USING ERRCODE = 'SR001';
        END IF;
    END IF;
    RETURN NULL;
END
$$;


ALTER FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_update() OWNER TO strongroom_owner;


CREATE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._claim_images() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._claim (entry_id, transaction_id)
    SELECT c.entry_id, pg_current_xact_id() FROM (SELECT DISTINCT entry_id FROM changed) c
    WHERE NOT EXISTS (SELECT FROM o_bmubls7mjxlsd6uwnguujs6ttb._entry e WHERE e.id = c.entry_id AND e.transaction_id = pg_current_xact_id())
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;


ALTER FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._claim_images() OWNER TO strongroom_owner;


CREATE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._require_entry() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM o_bmubls7mjxlsd6uwnguujs6ttb._entry WHERE transaction_id = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'a change of % without its audit entry', TG_TABLE_NAME USING ERRCODE = 'SR001';
    END IF;
    RETURN NULL;
END
$$;


ALTER FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._require_entry() OWNER TO strongroom_owner;


CREATE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._settle_claim() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM o_bmubls7mjxlsd6uwnguujs6ttb._entry WHERE id = NEW.entry_id AND transaction_id = NEW.transaction_id) THEN
        RAISE EXCEPTION 'images without their audit entry' USING ERRCODE = 'SR001';
    END IF;
    DELETE FROM o_bmubls7mjxlsd6uwnguujs6ttb._claim WHERE entry_id = NEW.entry_id AND transaction_id = NEW.transaction_id;
    RETURN NULL;
END
$$;


ALTER FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._settle_claim() OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.add_field(dataset integer, field_key text, label text, kind text, definition jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;


ALTER FUNCTION strongroom.add_field(dataset integer, field_key text, label text, kind text, definition jsonb) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.alter_dataset(dataset integer, new_label text, new_description text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    EXECUTE format('UPDATE %I._dataset SET label = $2, description = $3, schema_version = schema_version + 1 WHERE id = $1',
        strongroom.tenant()) USING dataset, new_label, new_description;
END
$_$;


ALTER FUNCTION strongroom.alter_dataset(dataset integer, new_label text, new_description text) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.alter_field(field integer, new_label text, new_definition jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    home text := strongroom.tenant();
    found_field record;
BEGIN
    EXECUTE format('UPDATE %I._field SET label = $2, definition = $3 WHERE id = $1 RETURNING dataset_id, kind', home)
        INTO STRICT found_field USING field, new_label, new_definition;
    PERFORM strongroom.touch_dataset(home, found_field.dataset_id);
    PERFORM strongroom.index_field(home, found_field.dataset_id, field, found_field.kind, new_definition);
END
$_$;


ALTER FUNCTION strongroom.alter_field(field integer, new_label text, new_definition jsonb) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.append_entry(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea, organization uuid) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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


ALTER FUNCTION strongroom.append_entry(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea, organization uuid) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.column_type(kind text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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


ALTER FUNCTION strongroom.column_type(kind text) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.create_dataset(dataset_key text, label text, description text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;


ALTER FUNCTION strongroom.create_dataset(dataset_key text, label text, description text) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.create_organization_schema(schema_name text, verifier text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;


ALTER FUNCTION strongroom.create_organization_schema(schema_name text, verifier text) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.drop_dataset(dataset integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    home text := strongroom.tenant();
BEGIN
    EXECUTE format('DROP TABLE %I.%I', home, 'd' || dataset);
    EXECUTE format('DELETE FROM %I._field WHERE dataset_id = $1', home) USING dataset;
    EXECUTE format('DELETE FROM %I._dataset WHERE id = $1', home) USING dataset;
END
$_$;


ALTER FUNCTION strongroom.drop_dataset(dataset integer) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.drop_field(field integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;


ALTER FUNCTION strongroom.drop_field(field integer) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.index_field(home text, dataset integer, field integer, kind text, definition jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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


ALTER FUNCTION strongroom.index_field(home text, dataset integer, field integer, kind text, definition jsonb) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.index_search(dataset integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;


ALTER FUNCTION strongroom.index_search(dataset integer) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.require_entry() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM strongroom.entry WHERE transaction_id = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'a change of % without its audit entry', TG_TABLE_NAME USING
            ERRCODE = 'SR001', CONSTRAINT = 'require_entry'; -- diesel keeps a constraint's name but no SQLSTATE
    END IF;
    RETURN NULL;
END
$$;


ALTER FUNCTION strongroom.require_entry() OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.seal_field_begin(field integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;


ALTER FUNCTION strongroom.seal_field_begin(field integer) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.seal_field_finish(field integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;


ALTER FUNCTION strongroom.seal_field_finish(field integer) OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.tenant() RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    IF session_user !~ '^o_[a-z2-7]{26}$' THEN
        RAISE EXCEPTION 'not an organization''s login' USING ERRCODE = 'SR002';
    END IF;
    RETURN session_user::text;
END
$_$;


ALTER FUNCTION strongroom.tenant() OWNER TO strongroom_owner;


CREATE FUNCTION strongroom.touch_dataset(home text, dataset integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    EXECUTE format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE', home, 'd' || dataset);
    EXECUTE format('DROP INDEX IF EXISTS %I.%I', home, 'd' || dataset || '_search');
    EXECUTE format('UPDATE %I._dataset SET schema_version = schema_version + 1 WHERE id = $1', home) USING dataset;
END
$_$;


ALTER FUNCTION strongroom.touch_dataset(home text, dataset integer) OWNER TO strongroom_owner;

SET default_tablespace = '';

SET default_table_access_method = heap;


CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb._claim (
    entry_id uuid NOT NULL,
    transaction_id xid8 NOT NULL
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._claim OWNER TO strongroom_owner;


CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb._dataset (
    id integer NOT NULL,
    key text NOT NULL,
    label text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    schema_version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT _dataset_description_check CHECK ((length(description) <= 2000)),
    CONSTRAINT _dataset_label_check CHECK (((length(label) >= 1) AND (length(label) <= 200)))
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._dataset OWNER TO strongroom_owner;


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._dataset ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME o_bmubls7mjxlsd6uwnguujs6ttb._dataset_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb._entry (
    id uuid NOT NULL,
    sequence bigint NOT NULL,
    kind smallint NOT NULL,
    key_version integer NOT NULL,
    header bytea NOT NULL,
    c_header bytea NOT NULL,
    c_before bytea NOT NULL,
    c_after bytea NOT NULL,
    transaction_id xid8 NOT NULL,
    appended_at timestamp with time zone NOT NULL,
    CONSTRAINT _entry_c_after_check CHECK ((length(c_after) = 32)),
    CONSTRAINT _entry_c_before_check CHECK ((length(c_before) = 32)),
    CONSTRAINT _entry_c_header_check CHECK ((length(c_header) = 32)),
    CONSTRAINT _entry_kind_check CHECK (((kind >= 1) AND (kind <= 8)))
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._entry OWNER TO strongroom_owner;


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._entry ALTER COLUMN sequence ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME o_bmubls7mjxlsd6uwnguujs6ttb._entry_sequence_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb._field (
    id integer NOT NULL,
    dataset_id integer NOT NULL,
    key text NOT NULL,
    label text NOT NULL,
    kind text NOT NULL,
    "position" integer NOT NULL,
    definition jsonb NOT NULL,
    CONSTRAINT _field_label_check CHECK (((length(label) >= 1) AND (length(label) <= 200)))
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._field OWNER TO strongroom_owner;


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._field ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME o_bmubls7mjxlsd6uwnguujs6ttb._field_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb._file (
    id uuid NOT NULL,
    purpose text NOT NULL,
    name bytea NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    sha256 bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by uuid NOT NULL,
    CONSTRAINT _file_purpose_check CHECK ((purpose = ANY (ARRAY['attachment'::text, 'import'::text, 'report'::text])))
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._file OWNER TO strongroom_owner;


CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb._file_chunk (
    file_id uuid NOT NULL,
    number integer NOT NULL,
    sealed bytea NOT NULL
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._file_chunk OWNER TO strongroom_owner;


CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image (
    record_id uuid NOT NULL,
    version bigint NOT NULL,
    dataset_id integer NOT NULL,
    entry_id uuid NOT NULL,
    ordinal integer NOT NULL,
    key_version integer NOT NULL,
    commitment bytea NOT NULL,
    sealed bytea NOT NULL,
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT _image_commitment_check CHECK ((length(commitment) = 32)),
    CONSTRAINT _image_version_check CHECK ((version > 0))
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image OWNER TO strongroom_owner;


CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb.d1 (
    id uuid NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by uuid NOT NULL,
    deleted_at timestamp with time zone,
    commitment bytea NOT NULL,
    record_key bytea NOT NULL,
    f1 text,
    CONSTRAINT d1_version_check CHECK ((version > 0))
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb.d1 OWNER TO strongroom_owner;


CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb.d2 (
    id uuid NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by uuid NOT NULL,
    deleted_at timestamp with time zone,
    commitment bytea NOT NULL,
    record_key bytea NOT NULL,
    f2 text,
    f3 text,
    f4 bigint,
    f5 numeric,
    f6 numeric,
    f6_currency text,
    f7 boolean,
    f8 date,
    f9 timestamp with time zone,
    f10 text,
    f11 text[],
    f12 text,
    f13 text,
    f14 text,
    f15 uuid,
    f16 numeric,
    f16_longitude numeric,
    f17 uuid,
    f18 jsonb,
    f19 bytea,
    f19_blind bytea,
    f20 bigint,
    CONSTRAINT d2_version_check CHECK ((version > 0))
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb.d2 OWNER TO strongroom_owner;


CREATE TABLE o_bmubls7mjxlsd6uwnguujs6ttb.d3 (
    id uuid NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by uuid NOT NULL,
    deleted_at timestamp with time zone,
    commitment bytea NOT NULL,
    record_key bytea NOT NULL,
    f21 text,
    CONSTRAINT d3_version_check CHECK ((version > 0))
);


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb.d3 OWNER TO strongroom_owner;


CREATE SEQUENCE o_bmubls7mjxlsd6uwnguujs6ttb.f20_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE o_bmubls7mjxlsd6uwnguujs6ttb.f20_number OWNER TO strongroom_owner;


ALTER SEQUENCE o_bmubls7mjxlsd6uwnguujs6ttb.f20_number OWNED BY o_bmubls7mjxlsd6uwnguujs6ttb.d2.f20;



CREATE TABLE strongroom.access_event (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    account_id uuid,
    organization_id uuid,
    action text NOT NULL,
    outcome text NOT NULL,
    status integer,
    method text NOT NULL,
    address text NOT NULL,
    device text NOT NULL,
    request_id text NOT NULL
);


ALTER TABLE strongroom.access_event OWNER TO strongroom_owner;


ALTER TABLE strongroom.access_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME strongroom.access_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE strongroom.account (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password text,
    state text DEFAULT 'active'::text NOT NULL,
    operator boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    password_changed_at timestamp with time zone,
    CONSTRAINT account_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT account_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])))
);


ALTER TABLE strongroom.account OWNER TO strongroom_owner;


CREATE TABLE strongroom.api_token (
    id uuid NOT NULL,
    public_id text NOT NULL,
    secret_hash bytea NOT NULL,
    account_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    name text NOT NULL,
    permissions text[],
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_token_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);


ALTER TABLE strongroom.api_token OWNER TO strongroom_owner;


CREATE TABLE strongroom.audit_pending (
    sequence bigint NOT NULL,
    schema_name text NOT NULL,
    entry_id uuid NOT NULL,
    kind smallint NOT NULL,
    key_version integer NOT NULL,
    c_header bytea NOT NULL,
    c_before bytea NOT NULL,
    c_after bytea NOT NULL,
    appended_at timestamp with time zone NOT NULL
);


ALTER TABLE strongroom.audit_pending OWNER TO strongroom_owner;


ALTER TABLE strongroom.audit_pending ALTER COLUMN sequence ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME strongroom.audit_pending_sequence_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE strongroom.entry (
    id uuid NOT NULL,
    sequence bigint NOT NULL,
    organization_id uuid,
    kind smallint NOT NULL,
    key_version integer NOT NULL,
    header bytea NOT NULL,
    c_header bytea NOT NULL,
    c_before bytea NOT NULL,
    c_after bytea NOT NULL,
    transaction_id xid8 NOT NULL,
    appended_at timestamp with time zone NOT NULL,
    CONSTRAINT entry_c_after_check CHECK ((length(c_after) = 32)),
    CONSTRAINT entry_c_before_check CHECK ((length(c_before) = 32)),
    CONSTRAINT entry_c_header_check CHECK ((length(c_header) = 32)),
    CONSTRAINT entry_kind_check CHECK (((kind >= 1) AND (kind <= 8)))
);


ALTER TABLE strongroom.entry OWNER TO strongroom_owner;


ALTER TABLE strongroom.entry ALTER COLUMN sequence ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME strongroom.entry_sequence_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE strongroom.idempotency (
    scope bytea NOT NULL,
    request_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    response bytea
);


ALTER TABLE strongroom.idempotency OWNER TO strongroom_owner;


CREATE TABLE strongroom.job (
    id uuid NOT NULL,
    organization_id uuid,
    account_id uuid,
    kind text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    payload jsonb NOT NULL,
    progress jsonb DEFAULT '{}'::jsonb NOT NULL,
    result jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    lease_until timestamp with time zone,
    CONSTRAINT job_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'waiting'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text])))
);


ALTER TABLE strongroom.job OWNER TO strongroom_owner;


CREATE TABLE strongroom.membership (
    organization_id uuid NOT NULL,
    account_id uuid NOT NULL,
    role text NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    narrowing jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT membership_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'editor'::text, 'accountant'::text, 'administrator'::text, 'owner'::text]))),
    CONSTRAINT membership_state_check CHECK ((state = ANY (ARRAY['active'::text, 'invited'::text, 'disabled'::text])))
);


ALTER TABLE strongroom.membership OWNER TO strongroom_owner;


CREATE TABLE strongroom.organization (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    schema_name text NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    schema_version integer NOT NULL,
    audit_tag bytea NOT NULL,
    login bytea NOT NULL,
    policies jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT organization_audit_tag_check CHECK ((length(audit_tag) = 16)),
    CONSTRAINT organization_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT organization_schema_name_check CHECK ((schema_name ~ '^o_[a-z2-7]{26}$'::text)),
    CONSTRAINT organization_state_check CHECK ((state = ANY (ARRAY['active'::text, 'cancelled'::text])))
);


ALTER TABLE strongroom.organization OWNER TO strongroom_owner;


CREATE TABLE strongroom.organization_key (
    organization_id uuid NOT NULL,
    version integer NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT organization_key_version_check CHECK ((version > 0))
);


ALTER TABLE strongroom.organization_key OWNER TO strongroom_owner;


CREATE TABLE strongroom.organization_template (
    version integer NOT NULL,
    up text NOT NULL
);


ALTER TABLE strongroom.organization_template OWNER TO strongroom_owner;


CREATE TABLE strongroom.promise_observation (
    promise_id text NOT NULL,
    checked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    observation jsonb NOT NULL
);


ALTER TABLE strongroom.promise_observation OWNER TO strongroom_owner;


CREATE TABLE strongroom.session (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    account_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    address text NOT NULL,
    device text NOT NULL
);


ALTER TABLE strongroom.session OWNER TO strongroom_owner;


CREATE TABLE strongroom.setting (
    name text NOT NULL,
    value jsonb NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


ALTER TABLE strongroom.setting OWNER TO strongroom_owner;


CREATE TABLE strongroom_migration.applied (
    scope text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


ALTER TABLE strongroom_migration.applied OWNER TO strongroom_owner;





INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._dataset (id, key, label, description, schema_version, created_at) OVERRIDING SYSTEM VALUE VALUES (1, 'targets', 'Targets', '', 2, '2026-11-28 21:12:39.262034+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._dataset (id, key, label, description, schema_version, created_at) OVERRIDING SYSTEM VALUE VALUES (2, 'things', 'Things', '', 20, '2026-11-28 21:12:39.317659+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._dataset (id, key, label, description, schema_version, created_at) OVERRIDING SYSTEM VALUE VALUES (3, 'empty', 'Empty', '', 2, '2026-11-28 21:12:39.428104+00');



INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c276-7afe-ab9f-e331685dac6d', 1, 6, 1, '\x0100000001a82f1794c6f245cde17b018e543e256aa050bb0dcc7cb631e75aa007436e09fe56586fabd3d68fd452ac90ef05d118507078dcdf8d7ddd000421e8608e24a3efe9b1d421f0806312eeefe42035040420099739ffcbf78e32d3d8522f2314aa38e97bf16284fc30e5be527b64ed7fa89082ecf1d5fd922d51769e4ab10cecb52b5154fb20c8258264a71b8142c774dfd0743e656f8a6275f6fbcd240798c08e15c9fdb5156e656bd310c22919c2a8d6ecbd27e9cc50a4f87fee91a83f3be00db6fe9a93db4e7fe0bd9918034ec57a920d481393bc8dbc472ecf723dd2c024a9556a70dc0c4fa3ce', '\xce26cca3671d96363ef16da7cd983823cd927abea4aef2afeb70f843a6ef160c', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '743', '2026-11-28 21:12:39.287385+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c283-7783-b106-ac887a3b88a6', 2, 1, 1, '\x0100000001acc2b92f0d24ec1f44e056598dd41e867380d1be0667da389bce0aa6502438e7e4774742d0eaa9ba73083ed62adccac1c0aefed3c631b251b79420b2155463773c6cae9932e35b9d6f6cc20e9216467ef2cb5860f55ce168cc08d84398f5f5ed5d31dafbbe95f9f96b5b2a18fb62e4e4eb14be6542cdcf2e098c3656b5ec3e87026c2b75843e46d5e38e3b760e9016ebd4f7684a88dbd3890407c374f38fd99d67ff79dc549c75a4893ade1aaad33f43befa358896c68872fb8bfbac665cc0951d3501d652a92734c8c87e60a6bb7d0b309faf3996b86361704af71b1a473741aa5ecb39e37ce2cb298f79c3383eb9a4ec3c8feddde27b829a9606370bf7c04a1f2b5e9da70ef972374e02788f3720dd7b64f234bf6759fe35dc56', '\xbcf46a635409de84e9a40a2860bcb06b16690fec1fb88bd948f5aa68f6be30f2', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0a2bb774e5be6d8345d995d4f27946ab305140ce766dfcd1118c2cebcda3fd95', '744', '2026-11-28 21:12:39.308128+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c294-7898-b382-9f64bd076fdb', 3, 8, 1, '\x0100000001dd0811154a8cbc667f404536fa3fec34b16d97e943ba36185d435bfdf0c80049137a696c58a5c5d923f6778cf615b4507978678538c0fe3a19aaea3f2fd0934d10315ea75b0b21c5b773350e454366d932071f3c685e37c69e39be0852df3aa75e9d3a71361694e57371f3b4214c2e342af1bb267c795b9abf8dc3967ddd4f67879abcca4b2a67b024c3fb58ee9d90fdd9f7965fd2a5047a475eed106d9a638fba389600f29816b8b60226ab4331796fde0aaefa2af6177452b80786efc1d8d1fa513eba705d41c9b7a117c489f95bdaaba20e77b4843417985894216b15eaacd20506860f91539b1641d2d73c7bbc677a643489ea63b31cfa39dbf2e129e127974071d198', '\x41e6770f080374ebfe268cdfeb0d130749c3843f2b4bdb8abf31835a84e832e3', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '745', '2026-11-28 21:12:39.316421+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c2ad-7226-b37d-c9b4667a8a4b', 4, 6, 1, '\x0100000001d258b586962be2cffa12e58c84f77fed594256dde9464365105bc95c0c91e69296aa674b28a013169d1382429c7cb8b58feb95c3f3cb1d739841b815d7d829f90900c55f92897ccd27550d613a9962709036b8dd6fd825b740b27d6396542cf0f708648445ff8bdd618f50bcff4a9bd1438652c6e55035e8dc46dda50927583cf4dbeb7044d7675dcf1838d1b52c45b9265992c6ddc544f3ac24cf56ad50e8469be9572bfffca05474fa7f0eaf59283e7f4aad37f6c35ec8de927a73707f94048defba7feddb256c7e147bde1b33212c92099da115593a289847b1d01701f0e50ac96424991934', '\x184af8ce4a5b4fd208ea895e67a7f3fcb728d67c40fc38bf3afe2d630721b09b', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '746', '2026-11-28 21:12:39.34223+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c2b6-72cc-b61d-1025453b8575', 5, 1, 1, '\x0100000001a16d1e74282674bb4457d86849ddb9513cd65d94e69c970b2aa5f129c875219518c4df975cdd4d1986f6f1f204643e4211fab14aee3b834476a6d123c41b88bea1d0b2f9caeb198c56dd20b1e21577dc516e68a06cb2f0eff0b30a7f174d78e147ed655d43f12d7e554076355cffa396b5d6323caaf0039bbe93161529bedc6f7c342947e051cbfbf6b57e47d46283528cd68c1dbd6020fd8699351387ca60ef1faf3dce4b1a4669d84983b775297b3a990bcc324433bb75fc07b5cbcd8b8569a173ede81c8b21298d5045902c200990eb90ad5d5ffb187698bafb067f564175316ae91de15590b0f47a2b9930d3e447495ce6fd01014892a90534e34b0f33c9fed4288045c47dd64c6023371c34bfc843bccd2536557eb28f8d38', '\xf7fd68cfd83a6d82e6859b6bd35e3aff63354210b073801b9c75b3ddf760872b', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xbd3d45b79567f8223b60edf01debd7aaa517aa7b43dae85711aeea4249d988ff', '748', '2026-11-28 21:12:39.359403+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c2c8-7d0f-98eb-6048d8192764', 6, 1, 1, '\x010000000196fb77a3481871f89348d38ac264100b0682c1bcc6c1a126bfce83949d422f8f98882d9ee503520b2c78705e7823157f41476230b4612d18cdc5bf6f6b29d169fa45a72f7b52111266f3f26d2ea38aac39ad38127b12aaf4247885766767baddf4fe52e274d3d24165d6e09ed483e8b7f779916c0d69f18b38e24551a0626b38028060cee029ba7e86340d0050c46dcd5a6c6d197db1b28f3f7aa8b0fe6191453cbe371a7663e56198112e4233ea2be561461bf03b19298e36d3d28b3d22f433aa327f2aa680c15783a6251e3098caede24a242a2c5b80618a8c1d7cad8a3caf7b58f7005d8e71ad0701c295c76056b04610dfdc90cf48f1092225891028bb41f6fa413b557ab70f5db97199c5e1b8ae161a195979bd29214c8848', '\xf708b7668c4a90c491924dd07080b30d7e516cd82310ce17524a7cb31f59fc33', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x83e61659536772e400390344cabbc879bf136339672f1fe31397602eb503017e', '749', '2026-11-28 21:12:39.376547+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c2d7-7c7c-88a1-c83fc714fdbb', 7, 1, 1, '\x01000000010b69edf3101f2fea09a8da03578c2d5a8c835d9d36ad60af6aff7115b2af6eb548060aee24f0f34877dae91f0eac5047a97121073bcf8d7d6fcfadb96c0205693263583a57e02718d89af73daa1a26bd26dc70521aeb3d9940697a3df35e6ca4ff4faff684b378bff7c977afb299357d32f27e9d90416f1b431cae18a4388a38926916617249aecb6285ab0b14afa60805dbd131fa99bb75e04f6f579212906c05dbeb948b53f2a2fddb49b3d85eca68cef841fd3c57c3e7ed1d86d3611208c9d92edd2699cd20e12157a9577cb5913f80628ea5779242960ee5237e514281b94751957c1c005e369225b884772315a14a99331c0a66305ae6c35686d08fd822e7790dcba73fe3e6bd776e57da342b49d3067292a777bc04c2240f', '\xe3f3ecd4edd71c309b70a04c66d5b3e26798fc7c8b58b37ee25317d8358f9134', '\xbd3d45b79567f8223b60edf01debd7aaa517aa7b43dae85711aeea4249d988ff', '\x565609159f49739bf704778438b7c5aff88c6564cc072b18376aebbf4d65a942', '750', '2026-11-28 21:12:39.393391+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c2f0-709b-bba6-01c7d8931c25', 8, 1, 1, '\x010000000100e95c7dec29d07d463ca2df82f401a165f1e02c455d296f4c525aa759adf7869fd4dbfa9b13b410dcc58949f1d944a86ac7587fa70815360ba42042a3a2a6c837a904551585f07e5f641a4b0fb949c791f3703152e9579750f25063aad538e388da66461a422df7e10202f6ae75537e8ebbba304272d5abf563556e991d38c2494fe9fab8141b488f11ac6dbc880ff0fb745f44fde33841d1419b07735bb69d94c8719338f60b803a8ce7dafd3b8a7e70771e660ea32a67848a4668c48f6bcfd467951bf10cc7d525027268343e686b4730d6906bd64a7d5086959c9906fe5bfb35ab3ca456a39a764d798bb796818dc7530a033b71485e9ffcc650ef3690cdb097ce6ea30a86be9ba202e10b70504e36db92d6470270b4b84636', '\xdec4e4d64271bab054ff4b3efc629aef6e1e083b92b06e9bb6ddb9e7079e478f', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x578d8951d4d3cbc2fa7fed10f96369f48849881c615c5f5d51326e40b72932cb', '751', '2026-11-28 21:12:39.419586+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c300-7010-b479-189a8543b22f', 9, 1, 1, '\x01000000015c3951671e4bb5e291aa4f1c2e56fe988b3bfd9320374f13812c4608ab6928e14a9f57d157fce95289b20a94659875f0d2a37ddc3f08af5c0e32098eb765263ea14bc8094b5f4d0ada3b74d62e3500528cd46a9efbaa93e19a0f2804a97670d1522a3d991586617d41268eda9f738fd62595801bc1f4adc292940a15548cfde674b19808375fb3bde2f63e8fe9bcb05ad671342a4905c60665ec6f9db375abc5476c5d398fd11e5c1bec4f9f9fcf5fbde98307ba9d4873f09bc58082ed5f428e8c5b2d7147ec3ead649d49c1b8914b4cefc25598415e7f94aee4e8646735b14461e4b6681c388efd239cf9ecc067fa1d95e6bea37335e5ee405905d85c9c5ff9dce8c2a85f7361b16857173384bc3e59d374438401a5dfedfd90', '\xbafe84c1f4a6f0b0c183e6429381c39db0e845b96fed04ebbd124e704c0ebdd0', '\x578d8951d4d3cbc2fa7fed10f96369f48849881c615c5f5d51326e40b72932cb', '\xcacb6f5be2f291e674867535a626ebcbd610bcdbb7816b9967295f4192c9c90f', '752', '2026-11-28 21:12:39.426113+00');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._entry (id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c30a-70be-bf2b-918d6d03f2ea', 10, 6, 1, '\x01000000014fb0f9865b576b56ee29a0080d1a44af803d783f893d6ca1dc3e68103e96304477f042f82d9cc3ed4533e154caa0d99661585cdcf0cfdaed7f272053141a4599b6caaa38b68056b8803815dd8c6841414f49b15aa1216c3d99dc6e0f96fae5af0578415e9c0c4cbb1b143054437f97c9b1ba2bf2fec9226adc8dcfb171eaff69b5d80138997f5218a638c51b12dd0c5d5d3bbe01ec76736ad5a10c119fa648f317282ad7872ece74a8514d7db10820960eaa3a6f6380eaff66e1e670c580d42d677d77c83cd8b7f7d1eb6bdbedaa1583c6a1d94c47e1990725639faa19108e48dad1cd213eaa1f', '\xb7ae00442751898ca916d3ca0d474fb5eeb2cf6c7ec0354e73fd812b2e3bf0a9', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '753', '2026-11-28 21:12:39.435149+00');



INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'name', 'Name', 'text', 1, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "unique"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (2, 2, 'the_text', 'The text', 'text', 1, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (3, 2, 'the_long_text', 'The long_text', 'long_text', 2, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (4, 2, 'the_integer', 'The integer', 'integer', 3, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (5, 2, 'the_decimal', 'The decimal', 'decimal', 4, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (6, 2, 'the_money', 'The money', 'money', 5, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (7, 2, 'the_boolean', 'The boolean', 'boolean', 6, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (8, 2, 'the_date', 'The date', 'date', 7, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (9, 2, 'the_timestamp', 'The timestamp', 'timestamp', 8, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (10, 2, 'the_choice', 'The choice', 'choice', 9, '{"help": "", "rules": {"choices": ["a, b", "=c", "d"]}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (11, 2, 'the_multiple_choice', 'The multiple_choice', 'multiple_choice', 10, '{"help": "", "rules": {"choices": ["a, b", "=c", "d"]}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (12, 2, 'the_email', 'The email', 'email', 11, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (13, 2, 'the_url', 'The url', 'url', 12, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (14, 2, 'the_phone', 'The phone', 'phone', 13, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (15, 2, 'the_reference', 'The reference', 'reference', 14, '{"help": "", "rules": {"dataset": 1}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (16, 2, 'the_geo_point', 'The geo_point', 'geo_point', 15, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (17, 2, 'the_attachment', 'The attachment', 'attachment', 16, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (18, 2, 'the_json', 'The json', 'json', 17, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (19, 2, 'the_sensitive_text', 'The sensitive_text', 'sensitive_text', 18, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (20, 2, 'the_auto_number', 'The auto_number', 'auto_number', 19, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._field (id, dataset_id, key, label, kind, "position", definition) OVERRIDING SYSTEM VALUE VALUES (21, 3, 'name', 'Name', 'text', 1, '{"help": "", "rules": {}, "indexing": "none", "presence": "optional", "uniqueness": "repeatable"}');



INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._file (id, purpose, name, media_type, size, sha256, created_at, created_by) VALUES ('01a22400-c28f-768c-af4a-ae6232c4ce2e', 'attachment', '\x010000000194a50f7fcc1ac337856b6b0dca428d44a051978ef20394ad02ace6424d09d4fba6e3c5f9', 'application/pdf', 5, '\x38523c087796e5d5dd1cf9bad1fb026781a838dd9dd2cf8af58b9f6502a46778', '2026-11-28 21:12:39.315791+00', '01a22400-c22d-76ef-a7c5-e13df19276d7');



INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._file_chunk (file_id, number, sealed) VALUES ('01a22400-c28f-768c-af4a-ae6232c4ce2e', 0, '\x01000000017d6085ad87b315e08aa13959a7c438be9a7fc63f66f99c8202076b85eb9fc44dc0');



INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed, transaction_id) VALUES ('01a22400-c283-7a47-aed8-1592465cc2c0', 1, 1, '01a22400-c283-7783-b106-ac887a3b88a6', 0, 1, '\x0a2bb774e5be6d8345d995d4f27946ab305140ce766dfcd1118c2cebcda3fd95', '\x01cfd510db4552f14fd170d4f4a573085eb276ba80ac279446fdc4ea61cd537b7f0a94d84f1a555eeb1835f7855f2d68c1cb66b1af558f2d85ccf66465fb705575a09f', '744');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed, transaction_id) VALUES ('01a22400-c2b6-7b59-8891-6abb06576a0f', 1, 2, '01a22400-c2b6-72cc-b61d-1025453b8575', 0, 1, '\xbd3d45b79567f8223b60edf01debd7aaa517aa7b43dae85711aeea4249d988ff', '\x01d58319473132509865230ef2634aa6a6cfa915b61ce197498ff73e34a344e40bf331208093e5b53eaddcb206fee52cd8865d29d34b9abaaf5ac3acef74756a619743d842ef826b4b2791a5dc782f94673ac8216fcdac8f3dcb62f4ebb65c006068911035c1739beac7673b8f949a70d94eb8eb2a23e30c5a0ecbf0ba2b6fbb443d1542e359906308029098112ea18551cbcf285091635ce488243bf428e2a239245d1d07185739b962847fa9b7a9e30e2c4238607779a25b8575bb97b0ae40c0cb4dc504508c37d1f0328c081efea79f0a50a2c95c479f6b53f46fdc76b60d62b4fe744cd911022c2b1c672fe618ad5ad42c988d87425d33e584c41e407836725993d92e0e44ff4de0f3b8c5f9c783ed7a471b0e68ecde997422eda5c24047de5fe672136f5fd2d7296b094cbbd2611e1ef4c2eb24169d140804ae2f5bc841d8', '748');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed, transaction_id) VALUES ('01a22400-c2c8-7581-8b66-2bae84374dcb', 1, 2, '01a22400-c2c8-7d0f-98eb-6048d8192764', 0, 1, '\x83e61659536772e400390344cabbc879bf136339672f1fe31397602eb503017e', '\x01fcdf14c509dbfd367ab1495f9b3cd4df5a38b6eb18065c619211b58f127d9b8d2454a5882217aedf8a68a2fe9b668b9dbfcf7ad552ca5dbcefe964928523fe92af', '749');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed, transaction_id) VALUES ('01a22400-c2b6-7b59-8891-6abb06576a0f', 2, 2, '01a22400-c2d7-7c7c-88a1-c83fc714fdbb', 0, 1, '\x565609159f49739bf704778438b7c5aff88c6564cc072b18376aebbf4d65a942', '\x0192421b61c4b9a73f40e3ef5483ac2c1f18ae342c1709cf5d9b3b5d403968ac3bbd03c7d3e694dc8644ae375d218df48a2ff5e8d3ec0eaf474a66099138a8bec3cb1de64e036b220dc2112d27ee644f211b0947e59055323b4aac417c79a0063fbccf7c60eded3dea30cbcc5020b4cd2b19b4157a2363b2857d752036e5ca736de8edb6cbceff805b259ebb6fbd1eb63fbed3d404540087300d4837d8d96a57a7cd2fb7776c0a1ed9127a85e9adf46cf83d5c71d33cc3bb0b589223e203467c3170ec414caa4ecf9ce13b6b581f89b37938a1cb67d97b8e80d76ac1d282e45ab271372deadd9c006387cc04471587e70550f7863491d02b321a6242e06001e87379da9b19ffc7e966b03b60924a43486809689206a7f8f835a9b5ac66d28734b0238b66bd1b11550080a6db654485a9f7041ec10459fce474', '750');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed, transaction_id) VALUES ('01a22400-c2f0-7fff-af34-08ec10eefc27', 1, 2, '01a22400-c2f0-709b-bba6-01c7d8931c25', 0, 1, '\x578d8951d4d3cbc2fa7fed10f96369f48849881c615c5f5d51326e40b72932cb', '\x015c9336e80405d73d380ecbd1ca65099fc18363fea440ddb63bc431c717a6000542bb1545504c7209a5733d88a1458158fb9d41b6e27799719c4cba5acd2d5575ed965ccdee80', '751');
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed, transaction_id) VALUES ('01a22400-c2f0-7fff-af34-08ec10eefc27', 2, 2, '01a22400-c300-7010-b479-189a8543b22f', 0, 1, '\xcacb6f5be2f291e674867535a626ebcbd610bcdbb7816b9967295f4192c9c90f', '\x01291503435897296ea52e417869b79f5652b2dff5755dbbf565abda49d4280d18ea81a0bf8cfb847c91d612280f7a6f4c810dfff21a841f1b60c75402bb90ef5a27d993821f43', '752');



INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb.d1 (id, version, created_at, created_by, updated_at, updated_by, deleted_at, commitment, record_key, f1) VALUES ('01a22400-c283-7a47-aed8-1592465cc2c0', 1, '2026-11-28 21:12:39.299436+00', '01a22400-c22d-76ef-a7c5-e13df19276d7', '2026-11-28 21:12:39.299436+00', '01a22400-c22d-76ef-a7c5-e13df19276d7', NULL, '\x0a2bb774e5be6d8345d995d4f27946ab305140ce766dfcd1118c2cebcda3fd95', '\xa01ec940231c3ad1e795ceab4a00f0ec010000000101909e12fe4d3f651777193357b255cb22bb5545830bc324caeb0173202aeb9b45fc7d726de4d2f163343300b153e5ab6afee9d8e99f1c9f5ef75de9', 't');



INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb.d2 (id, version, created_at, created_by, updated_at, updated_by, deleted_at, commitment, record_key, f2, f3, f4, f5, f6, f6_currency, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f16_longitude, f17, f18, f19, f19_blind, f20) VALUES ('01a22400-c2c8-7581-8b66-2bae84374dcb', 1, '2026-11-28 21:12:39.368896+00', '01a22400-c22d-76ef-a7c5-e13df19276d7', '2026-11-28 21:12:39.368896+00', '01a22400-c22d-76ef-a7c5-e13df19276d7', NULL, '\x83e61659536772e400390344cabbc879bf136339672f1fe31397602eb503017e', '\xf02593a5435d0a9ca7b32e85a336e422010000000126f4427e395993939616e8c606a0b74cd277fa44325382ffcb8bc2fa1ecaa307bda7f576994fb65b379750e775ecd5275331be2b35592b0a84830c05', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2);
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb.d2 (id, version, created_at, created_by, updated_at, updated_by, deleted_at, commitment, record_key, f2, f3, f4, f5, f6, f6_currency, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f16_longitude, f17, f18, f19, f19_blind, f20) VALUES ('01a22400-c2b6-7b59-8891-6abb06576a0f', 2, '2026-11-28 21:12:39.350814+00', '01a22400-c22d-76ef-a7c5-e13df19276d7', '2026-11-28 21:12:39.383035+00', '01a22400-c22d-76ef-a7c5-e13df19276d7', NULL, '\x565609159f49739bf704778438b7c5aff88c6564cc072b18376aebbf4d65a942', '\xaf03d5b54ff6ce3c35f6a8edea704f5f0100000001ac31c8f22b654c27db219078fd6946ddc6c445fd3d1ad6e5daad7bf2598146a71921e39fdb65cfd39fcba151eb9dec8f05ad5b85d6e35ac8537721cc', 'changed', 'one
two
🔒', -42, 12.500, -3.10, 'EUR', false, '2026-03-31', '2026-03-31 12:00:00.123456+00', '=c', '{"a, b",d}', 'a@example.com', 'https://example.com/?a=b', '+442079460958', '01a22400-c283-7a47-aed8-1592465cc2c0', 52.5, -13.40, '01a22400-c28f-768c-af4a-ae6232c4ce2e', '{"a": [1, null, "x"]}', '\x0100000001c737a86cf40b3539fb57895e9ab34fabb856ca6cd0f655cc2fbce2a4ca7b263361ea8a42c4c8f634516b548dd31411f75956851e9aa482', '\x00000001cc31cd3bdf87e836198d075f1be5a546', 1);
INSERT INTO o_bmubls7mjxlsd6uwnguujs6ttb.d2 (id, version, created_at, created_by, updated_at, updated_by, deleted_at, commitment, record_key, f2, f3, f4, f5, f6, f6_currency, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f16_longitude, f17, f18, f19, f19_blind, f20) VALUES ('01a22400-c2f0-7fff-af34-08ec10eefc27', 2, '2026-11-28 21:12:39.408438+00', '01a22400-c22d-76ef-a7c5-e13df19276d7', '2026-11-28 21:12:39.424642+00', '01a22400-c22d-76ef-a7c5-e13df19276d7', '2026-11-28 21:12:39.424636+00', '\xcacb6f5be2f291e674867535a626ebcbd610bcdbb7816b9967295f4192c9c90f', '\xfce49c31744ffb67de2248c9e4ad87ac010000000150d87faae49458c886ce068fb4523b86eec1075ee88fabc87eb264c0b1719bbdeda16f0703239bd53c65405342fec0bac8d415745424ef6c448c586d', 'old', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);









INSERT INTO strongroom.account (id, email, name, password, state, operator, created_at, password_changed_at) VALUES ('01a22400-c22d-76ef-a7c5-e13df19276d7', 'owner@example.com', 'Test owner', NULL, 'active', false, '2026-11-28 21:12:39.213069+00', NULL);
INSERT INTO strongroom.account (id, email, name, password, state, operator, created_at, password_changed_at) VALUES ('01a22400-c242-7de6-a8a3-86f0cc0638be', 'viewer@example.com', 'Test viewer', NULL, 'active', false, '2026-11-28 21:12:39.234511+00', NULL);
INSERT INTO strongroom.account (id, email, name, password, state, operator, created_at, password_changed_at) VALUES ('01a22400-c247-7270-8058-f220656b941e', 'editor@example.com', 'Test editor', NULL, 'active', false, '2026-11-28 21:12:39.239655+00', NULL);
INSERT INTO strongroom.account (id, email, name, password, state, operator, created_at, password_changed_at) VALUES ('01a22400-c24b-78c5-bc52-16169af23939', 'accountant@example.com', 'Test accountant', NULL, 'active', false, '2026-11-28 21:12:39.243716+00', NULL);
INSERT INTO strongroom.account (id, email, name, password, state, operator, created_at, password_changed_at) VALUES ('01a22400-c24f-7b78-a1e8-2b0735106f75', 'administrator@example.com', 'Test administrator', NULL, 'active', false, '2026-11-28 21:12:39.247615+00', NULL);






INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (1, 'strongroom', '01a22400-c204-73c7-89dc-b9f517c442b3', 6, 1, '\xed3242f64fddc7255c01a1b053a9777a4ef51f2bb107ac039ea957d0b2b355a0', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.175742+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (2, 'strongroom', '01a22400-c22f-75da-bae7-53dcd354bfd1', 6, 1, '\xdf0c09db382fca61812d2c24fe468c9f66d2c880e2c13463138c2ba59347ed1b', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.216009+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (3, 'strongroom', '01a22400-c22d-7365-b51b-b41b99c95f04', 6, 1, '\x2bae14c975c225948aa1177d44690c64c227b5755fd15e745ebc497237d5ddae', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.216886+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (4, 'strongroom', '01a22400-c243-720d-844d-e268d4fec681', 6, 1, '\x42b901937b9552602de5cb312c343195eea79315689eacff6966365107521518', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.236259+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (5, 'strongroom', '01a22400-c242-7ce2-9d1c-d30173c0cb64', 6, 1, '\x4db16376f5b1be42ca0759790d851c8d9eb3be0f2aacc0a48626ef996ba71a1b', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.237068+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (6, 'strongroom', '01a22400-c248-76b3-a324-d4061435d0c8', 6, 1, '\x51bd9b18099e16e25d9bb0113246545841483c019c91e4f3d2af74d4a311cb65', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.241125+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (7, 'strongroom', '01a22400-c248-7a5e-89da-00ca52e1b8a9', 6, 1, '\xa76e6b21056479644eaa18bb8d76bff536f2495ab4d57c6a648e24d28a52a385', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.241792+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (8, 'strongroom', '01a22400-c24c-7761-94fe-f489f7412aff', 6, 1, '\x0d04f2ac4242b07ee02130091dfaaee31c762887a415fb6118c3f357a1f76b9e', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.245073+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (9, 'strongroom', '01a22400-c24c-7941-be37-e424e6e08516', 6, 1, '\xcc39ccbce0908f738c626cd97529c046398b5826bc0f0f7418cc3fc028ac3c3e', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.24572+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (10, 'strongroom', '01a22400-c250-71f2-bbaa-78ef4834ffe6', 6, 1, '\x6c12b194bfbdd367faf563da118b43fa574fde9eb7425ec3861e32658bea34a1', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.248905+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (11, 'strongroom', '01a22400-c24f-74a0-920f-611da0fff082', 6, 1, '\x931bc715fcde5083eb48d244a428325b93d2debb2473159e512396515f15dab7', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.249604+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (12, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c276-7afe-ab9f-e331685dac6d', 6, 1, '\xce26cca3671d96363ef16da7cd983823cd927abea4aef2afeb70f843a6ef160c', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.287385+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (13, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c283-7783-b106-ac887a3b88a6', 1, 1, '\xbcf46a635409de84e9a40a2860bcb06b16690fec1fb88bd948f5aa68f6be30f2', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0a2bb774e5be6d8345d995d4f27946ab305140ce766dfcd1118c2cebcda3fd95', '2026-11-28 21:12:39.308128+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (14, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c294-7898-b382-9f64bd076fdb', 8, 1, '\x41e6770f080374ebfe268cdfeb0d130749c3843f2b4bdb8abf31835a84e832e3', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.316421+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (15, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c2ad-7226-b37d-c9b4667a8a4b', 6, 1, '\x184af8ce4a5b4fd208ea895e67a7f3fcb728d67c40fc38bf3afe2d630721b09b', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.34223+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (16, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c2b6-72cc-b61d-1025453b8575', 1, 1, '\xf7fd68cfd83a6d82e6859b6bd35e3aff63354210b073801b9c75b3ddf760872b', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xbd3d45b79567f8223b60edf01debd7aaa517aa7b43dae85711aeea4249d988ff', '2026-11-28 21:12:39.359403+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (17, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c2c8-7d0f-98eb-6048d8192764', 1, 1, '\xf708b7668c4a90c491924dd07080b30d7e516cd82310ce17524a7cb31f59fc33', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x83e61659536772e400390344cabbc879bf136339672f1fe31397602eb503017e', '2026-11-28 21:12:39.376547+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (18, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c2d7-7c7c-88a1-c83fc714fdbb', 1, 1, '\xe3f3ecd4edd71c309b70a04c66d5b3e26798fc7c8b58b37ee25317d8358f9134', '\xbd3d45b79567f8223b60edf01debd7aaa517aa7b43dae85711aeea4249d988ff', '\x565609159f49739bf704778438b7c5aff88c6564cc072b18376aebbf4d65a942', '2026-11-28 21:12:39.393391+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (19, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c2f0-709b-bba6-01c7d8931c25', 1, 1, '\xdec4e4d64271bab054ff4b3efc629aef6e1e083b92b06e9bb6ddb9e7079e478f', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x578d8951d4d3cbc2fa7fed10f96369f48849881c615c5f5d51326e40b72932cb', '2026-11-28 21:12:39.419586+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (20, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c300-7010-b479-189a8543b22f', 1, 1, '\xbafe84c1f4a6f0b0c183e6429381c39db0e845b96fed04ebbd124e704c0ebdd0', '\x578d8951d4d3cbc2fa7fed10f96369f48849881c615c5f5d51326e40b72932cb', '\xcacb6f5be2f291e674867535a626ebcbd610bcdbb7816b9967295f4192c9c90f', '2026-11-28 21:12:39.426113+00');
INSERT INTO strongroom.audit_pending (sequence, schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at) OVERRIDING SYSTEM VALUE VALUES (21, 'o_bmubls7mjxlsd6uwnguujs6ttb', '01a22400-c30a-70be-bf2b-918d6d03f2ea', 6, 1, '\xb7ae00442751898ca916d3ca0d474fb5eeb2cf6c7ec0354e73fd812b2e3bf0a9', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '2026-11-28 21:12:39.435149+00');



INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c204-73c7-89dc-b9f517c442b3', 1, NULL, 6, 1, '\x0100000001d22d12949b230086f2f999abd7cf0813af7d45b53c2737a58b46885513199300b87642cf85f57f37b43ebccdfbae00a16446456221299fb85f776cfcf22495a6a2b5ba043008d8520607e09a42108eeabb82837f1a405d9b2dd613a1f62e113a0ee1ce337e1fa0254e247a7f713dfc8c7c06ae86f0e5633d559a5f03d66a039128b94811dae60b21294e3cdf49465b5652658415d2b4e170f7658255e800', '\xed3242f64fddc7255c01a1b053a9777a4ef51f2bb107ac039ea957d0b2b355a0', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '737', '2026-11-28 21:12:39.175742+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c22f-75da-bae7-53dcd354bfd1', 2, '01a22400-c20c-7087-95a3-991e96f4c9b5', 6, 1, '\x0100000001116d85417d0c55eab0c7652ebab34e70b032efa87a8e413e32030c1260c92fad4761c6291727f65396f2673684d8e06d4b2ffe0d96721d729283ad81f1f06c1ec992be829144121bb174e60a81ede7d917119faa184fb8e8b2ec1459a59a1b92ea49324b4853075a0972205b87fd45ea8f9e2a9c6d0b1e867df0b676168883974a29fe34f31dfe29ba5cc464eb3c8abc980e93950c5b21764ea3081b0d90601c619f12ee1e81954148240d4437e4a699e690250d61154989629404b2d5d2124e5fabf879e58cc289196c491ed86db4221bea073b6a495286f2ec7fe430d7', '\xdf0c09db382fca61812d2c24fe468c9f66d2c880e2c13463138c2ba59347ed1b', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '738', '2026-11-28 21:12:39.216009+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c22d-7365-b51b-b41b99c95f04', 3, NULL, 6, 1, '\x01000000016d69328aa5cff9f75840151c4b7fe51db59ba6c08f4762f938d9f11ac3024c2d8955feb62c9602ab21268c0f72ca96e78b1584ba619c5ffffcaf8de58eaff5f278f11cbd01f0c2219b49ced8d12cba9bec39c9a50029ec1e3f2fc17b404d8ea0200ce3f4bbfe4c11759e674786ae7eea1f8fb0a7bd68e3af73a5f2d43a43e0293ce08d5dc260888f71a3d91e0789ba0c861f362503bac613792d0776858dc78eb9b31a22886cfb0f96f19c7219a6cda98132560e6b5ca42f9dc933a7576b6cd2f34a', '\x2bae14c975c225948aa1177d44690c64c227b5755fd15e745ebc497237d5ddae', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '738', '2026-11-28 21:12:39.216886+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c243-720d-844d-e268d4fec681', 4, '01a22400-c20c-7087-95a3-991e96f4c9b5', 6, 1, '\x01000000019596de2f661375eec8b92b7e73b05151ddd834b2cb55ebd7d9fdf836f0de428f1a2f652d3ce0528a2dad14396e8dd65d292ae2faff0d9102872e8e58244e291c2ac3278a38e14bee52548276b54b4e0d35cd9396518d130368c74e0bdbf1987ee3cdd4629e6db97d1f27a230ece191ab66a5e04db6bd9e05212b054479901bcd77299122628c6282571f536f80b80c5f46446043996d3191c2bbaf99d582bf14a282565fa08ae57921864550e622f5f1f0dedf5c7dbb47d25b24f4002261811aecf718a49a548d0bfc6ab5c2e11264df3344aea583e81cc1c378aa5183931ffd9981a70ca07eac202e56e4a6cf915f5bfb694e0f5645aece6a26f32f2414302a95ffa1152a1b9188891e6ab447a4', '\x42b901937b9552602de5cb312c343195eea79315689eacff6966365107521518', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '739', '2026-11-28 21:12:39.236259+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c242-7ce2-9d1c-d30173c0cb64', 5, NULL, 6, 1, '\x01000000017b0191a02389eed4a25db45d7184b55b4d3e90bcba90adec4e35ac49476756887d54906de2e7c3961f8c57d64602bf123056094865b323f1de9666d87c1d2083beb5345c8b767000b5e4b2a3b1c5c80b43b9c7769c1855f92c0a1fd32e433b8f9c3d0d901b3f10d14ccf973c8f0b803463e17689a88f654921e5f213f95f7aabe530b0c8a61fbd4865e347186cd9bcd9c8dcec3cdd679c51d549fecffb9e15076b4d8593fcdb6b8b082f547b4669fd7e1babb686c3a3bec18d109354e76ab669d1d9aa16478b3409e9705a7b6a22caf669fab73f6efb33ac2b30a043d43d87bab193ddaadfed1214079ec673b834e30f124cc7c3ea22247e17', '\x4db16376f5b1be42ca0759790d851c8d9eb3be0f2aacc0a48626ef996ba71a1b', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '739', '2026-11-28 21:12:39.237068+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c248-76b3-a324-d4061435d0c8', 6, '01a22400-c20c-7087-95a3-991e96f4c9b5', 6, 1, '\x0100000001ab0d0b76ea3ad8a8b0bda8cfb24662130c7cab9801f2f196a89d79d7adc97eec8c093b087b754332d183b42de91bc25f20e8a7755ef05641ed7d9bcd9934f446b9f08c1e6d304b0e58ad489fe6332650097368229ec40f47c2ef4ebb87b1ba4b0394f9e20fd33f865f216a8d211e639d59ed4a3cd9ef2707951aa18628f357896e25bbe80e01bad9c7a3b4d41f1582c4f44f1c5c5a0be9242f732eeebbd44f76a02d65da443f74af8f90abb78d59f38276e72164d63f017112a889852c70eee91923ebce6b732a078af3c80005c38ed00a7a12ce32790889bff9cf8afe6fcce56516fc0f0204d98b2c55d31e5ff8d610c3025d14412c93522022b47b48195f9b2354e06f46024400dd98e9d4a63a', '\x51bd9b18099e16e25d9bb0113246545841483c019c91e4f3d2af74d4a311cb65', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '740', '2026-11-28 21:12:39.241125+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c248-7a5e-89da-00ca52e1b8a9', 7, NULL, 6, 1, '\x0100000001c9c812e4f2c9466a1c92d9b85144d43e8cfceb93b90776bf10e44768e388fe635a48d72823d274d869e1b132738cebdc6619e226ef5b9b03c8c28b90c3c57af4880d0f9dcd401522bbe32c1f7c286517082146a2d7eb8ab2f7839c689e5271c317bfd67a0a3c7acf82b3c1fd9fb4c16e0d5afcb19745d719811f1a42c45c2ae246af5465903a0215f9c7ea6936d86fe6b3725390a0e10dbd927a98b2a5d2ac2bfc08d3b5bb6f86c38ffe2e1cf2b3ac4bbf311d583c14f89eaef14db35ff088147275012d47a95604e168fdee09317e7086a24fbf4a8c7885e9b6dc0b07a05073d9640222e3faed1a1059a0991c955b8bdc3411ee004e4ebca5', '\xa76e6b21056479644eaa18bb8d76bff536f2495ab4d57c6a648e24d28a52a385', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '740', '2026-11-28 21:12:39.241792+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c24c-7761-94fe-f489f7412aff', 8, '01a22400-c20c-7087-95a3-991e96f4c9b5', 6, 1, '\x01000000012eddcfdd1a7a680921f35f157392818716456f45ae8760a248161887eea063b450721a5df5c38c3846a9088f2351df6892399770b069eb0ba49151e30f96d2be0e3ebc9f5d3fc6af04feecd3487c08eb11bb390d945f7786ca94e8c13d55d87230a9438c96fd386772cf58af7de27a49b71ee4c857c0175bd5d3489e44e7ac3295ebc7159351048286364bbe6ef789002358406ac477a04f94136b02c6a1f2f053fc3c7c2f2d8f4c4e89c40a27d14a0b8e5c2261d04867786edcbddc1d354110a31c50d8377bf6c9d7253dc0a28c7e1ebe96b94c518de55dbdea6fc0f6e5c842062cae607ccd262be6549c4261409f0fc5aa9a97b61a9e4027791a2b7243700f8ab078edd62d3295271821d2d855de0f051d', '\x0d04f2ac4242b07ee02130091dfaaee31c762887a415fb6118c3f357a1f76b9e', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '741', '2026-11-28 21:12:39.245073+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c24c-7941-be37-e424e6e08516', 9, NULL, 6, 1, '\x01000000017d63abe80e90f6b9d8c2fed44f2c0f6729919e4d6f9d45fba6599acfe4fbd5146d3a25b1bff4f731006766276c17fdf16cb4c7ef9f399d9ebc9b29357042c4b3b406b1eb53289f9d4f08c90cff798b572a1b53ef6b99829dd776e71b80a73b5ab1be7bda53b5a2f1aee437c8c5e059b18e73dd77ef9fe8130963f293ed2f744630144fbd9bf59b205125dc323a00e0b2192a23b2bea2e86474384dc068bd96f5dc4d4e5e0174b287d048f48658e7649f33d9a526a9c8bf27df4d917d3b9d1d67f623c2bc003b31a9a3eababc8189b84f8a9facce103dcceb57ffe826a4acc20d9ba363611570a65cef0d9cd84dbb5e3e8e64ae68930e79f9d0', '\xcc39ccbce0908f738c626cd97529c046398b5826bc0f0f7418cc3fc028ac3c3e', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '741', '2026-11-28 21:12:39.24572+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c250-71f2-bbaa-78ef4834ffe6', 10, '01a22400-c20c-7087-95a3-991e96f4c9b5', 6, 1, '\x0100000001586a82f4a35decfdddca92596cd3621b508bea69b798a306b5c40d03e03ce3472cf5fd09ad34f023072d0ffde1e410ce53335662dd934b183b2f62056677634d4a077e358ddceb84525b0d02fc81e073ac3d4eb4b3ad8040d087cd77c8ac08d0f12f5a02621d0c38ff3f62a8e2756683e0676ff8635a217ecc8b3276552ac3eb530d1d14a9611c6ab897d1cc3ac3221875bcd7075d59bf94ed9fc6f6a8c2d606a95013716994d6873081058c11df170a5b2dc9db6f027585df5a7f8fb87f1035d5f10f96482d0153c61782cf1beebcecfc074147d8edb9f3a728561f884a1440e0433c749fe91e8adcd5f11c941787edd270b75b89b84388f5929fe89d81a835c2707abf6cefced5ec83d1ca20107d7b07aa9636ae', '\x6c12b194bfbdd367faf563da118b43fa574fde9eb7425ec3861e32658bea34a1', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '742', '2026-11-28 21:12:39.248905+00');
INSERT INTO strongroom.entry (id, sequence, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at) OVERRIDING SYSTEM VALUE VALUES ('01a22400-c24f-74a0-920f-611da0fff082', 11, NULL, 6, 1, '\x01000000012a29143ce816e6c17a8d3021a72e4becf9f5f1fdc1e3dc6e4eee9685299ad7a20cc4887352a6cab1990fd43fa7f1416c3569b42cfb81aedfa09fbaa5d0ef9c09144548c26f48a767d23ca51d3e4b7ecb3d4a37f6bb1f0694608105cfcdd72d5ae58d4cbcf372d921ec5761e48662ff063de37b17a3d8a497f4278cd171b3390e66b6b0240b1073abde6a1e32a7f66382e4a0423c7f1f8d83a504eafc7955c41160b5fbef8cdf65748f7fc485181ec0327b499d34bfc35275a7c6bd185db8d6f1fc785bbc4a0b57d09d828ada4fd688b7b9826cae330e9646214746ee72d46a816ae39fcaa0457d101796e9ec0cba906e91d0577416681b344b', '\x931bc715fcde5083eb48d244a428325b93d2debb2473159e512396515f15dab7', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '742', '2026-11-28 21:12:39.249604+00');









INSERT INTO strongroom.membership (organization_id, account_id, role, state, narrowing, created_at) VALUES ('01a22400-c20c-7087-95a3-991e96f4c9b5', '01a22400-c22d-76ef-a7c5-e13df19276d7', 'owner', 'active', '{}', '2026-11-28 21:12:39.21466+00');
INSERT INTO strongroom.membership (organization_id, account_id, role, state, narrowing, created_at) VALUES ('01a22400-c20c-7087-95a3-991e96f4c9b5', '01a22400-c242-7de6-a8a3-86f0cc0638be', 'viewer', 'active', '{}', '2026-11-28 21:12:39.235246+00');
INSERT INTO strongroom.membership (organization_id, account_id, role, state, narrowing, created_at) VALUES ('01a22400-c20c-7087-95a3-991e96f4c9b5', '01a22400-c247-7270-8058-f220656b941e', 'editor', 'active', '{}', '2026-11-28 21:12:39.240368+00');
INSERT INTO strongroom.membership (organization_id, account_id, role, state, narrowing, created_at) VALUES ('01a22400-c20c-7087-95a3-991e96f4c9b5', '01a22400-c24b-78c5-bc52-16169af23939', 'accountant', 'active', '{}', '2026-11-28 21:12:39.244326+00');
INSERT INTO strongroom.membership (organization_id, account_id, role, state, narrowing, created_at) VALUES ('01a22400-c20c-7087-95a3-991e96f4c9b5', '01a22400-c24f-7b78-a1e8-2b0735106f75', 'administrator', 'active', '{}', '2026-11-28 21:12:39.248196+00');



INSERT INTO strongroom.organization (id, slug, name, schema_name, state, schema_version, audit_tag, login, policies, created_at) VALUES ('01a22400-c20c-7087-95a3-991e96f4c9b5', 'acme', 'Acme', 'o_bmubls7mjxlsd6uwnguujs6ttb', 'active', 1, '\x4919e396f7ea6425148d4a0eec5c4de8', '\x01000000013e97195edd11ff4c30f2cc88a1a1756638148c17e1ea841fcce02bc0c552f89bc952078403f03e22afbf3e539c9840387744a4f115382ad58861ef65e75ac1564e01d68cba7970c467bd616bd5a73024498830e4536ae43656d0cb5a', '{}', '2026-11-28 21:12:39.182943+00');



INSERT INTO strongroom.organization_key (organization_id, version, wrapped, created_at) VALUES ('00000000-0000-0000-0000-000000000000', 1, '\x0102178a8bc0a73b77af887f3c242fe7eea89d4c453504df2a5d61347a1860f8d8787ad63a4b7b4091ff93e39e8fc7c6b956032b3670021c6ebd290ecbc12c8fa1c92a68fa', '2026-11-28 21:12:39.172416+00');
INSERT INTO strongroom.organization_key (organization_id, version, wrapped, created_at) VALUES ('01a22400-c20c-7087-95a3-991e96f4c9b5', 1, '\x0102178a8bc0a73b7734380da8e985426758a0204d0d96b550bd0b6a404d25a58fb1027643239626e22a48268656d57c24b3ad5649a0993eb6e0f257accdb127fec8e05c64', '2026-11-28 21:12:39.18133+00');



INSERT INTO strongroom.organization_template (version, up) VALUES (1, '-- One organization''s schema. Its login has the rights granted here and no others.
CREATE TABLE {{schema}}._dataset (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key            text NOT NULL CONSTRAINT dataset_key_taken UNIQUE,
    label          text NOT NULL CHECK (length(label) BETWEEN 1 AND 200),
    description    text NOT NULL DEFAULT '''' CHECK (length(description) <= 2000),
    schema_version integer NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE {{schema}}._field (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset_id integer NOT NULL REFERENCES {{schema}}._dataset (id),
    key        text NOT NULL,
    label      text NOT NULL CHECK (length(label) BETWEEN 1 AND 200),
    kind       text NOT NULL,
    position   integer NOT NULL,
    definition jsonb NOT NULL,
    CONSTRAINT field_key_taken UNIQUE (dataset_id, key)
);

CREATE TABLE {{schema}}._file (
    id         uuid PRIMARY KEY,
    purpose    text NOT NULL CHECK (purpose IN (''attachment'', ''import'', ''report'')),
    name       bytea NOT NULL, -- sealed
    media_type text NOT NULL,
    size       bigint NOT NULL,
    sha256     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by uuid NOT NULL
);
CREATE TABLE {{schema}}._file_chunk (
    file_id uuid NOT NULL,
    number  integer NOT NULL,
    sealed  bytea NOT NULL,
    PRIMARY KEY (file_id, number)
);

CREATE TABLE {{schema}}._entry (
    id             uuid PRIMARY KEY,
    sequence       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind           smallint NOT NULL CHECK (kind BETWEEN 1 AND 8),
    key_version    integer NOT NULL,
    header         bytea NOT NULL,
    c_header       bytea NOT NULL CHECK (length(c_header) = 32),
    c_before       bytea NOT NULL CHECK (length(c_before) = 32),
    c_after        bytea NOT NULL CHECK (length(c_after) = 32),
    transaction_id xid8 NOT NULL,
    appended_at    timestamptz NOT NULL
);
CREATE INDEX _entry_transaction ON {{schema}}._entry (transaction_id);

CREATE TABLE {{schema}}._image (
    record_id      uuid NOT NULL,
    version        bigint NOT NULL CHECK (version > 0),
    dataset_id     integer NOT NULL,
    entry_id       uuid NOT NULL,
    ordinal        integer NOT NULL,
    key_version    integer NOT NULL,
    commitment     bytea NOT NULL CHECK (length(commitment) = 32),
    sealed         bytea NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (record_id, version)
);

CREATE TABLE {{schema}}._claim (
    entry_id       uuid NOT NULL,
    transaction_id xid8 NOT NULL,
    PRIMARY KEY (entry_id, transaction_id)
);

CREATE FUNCTION {{schema}}._claim_images() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO {{schema}}._claim (entry_id, transaction_id)
    SELECT c.entry_id, pg_current_xact_id() FROM (SELECT DISTINCT entry_id FROM changed) c
    WHERE NOT EXISTS (SELECT FROM {{schema}}._entry e WHERE e.id = c.entry_id AND e.transaction_id = pg_current_xact_id())
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER claim_images AFTER INSERT ON {{schema}}._image REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {{schema}}._claim_images();

CREATE FUNCTION {{schema}}._settle_claim() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._entry WHERE id = NEW.entry_id AND transaction_id = NEW.transaction_id) THEN
        RAISE EXCEPTION ''images without their audit entry'' USING ERRCODE = ''SR001'';
    END IF;
    DELETE FROM {{schema}}._claim WHERE entry_id = NEW.entry_id AND transaction_id = NEW.transaction_id;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER settle_claim AFTER INSERT ON {{schema}}._claim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {{schema}}._settle_claim();

CREATE FUNCTION {{schema}}._check_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed c
        LEFT JOIN {{schema}}._image i ON i.record_id = c.id AND i.version = c.version AND i.commitment = c.commitment
            AND i.transaction_id = pg_current_xact_id()
        WHERE i.record_id IS NULL OR c.version <> 1
    ) THEN
        RAISE EXCEPTION ''a new row of % without its audit entry'', TG_TABLE_NAME USING ERRCODE = ''SR001'';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION {{schema}}._check_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off AS $$
DECLARE
    sealed text[];
    kept bigint;
BEGIN
    IF EXISTS (
        SELECT FROM changed c
        LEFT JOIN before b ON b.id = c.id
        LEFT JOIN {{schema}}._image i ON i.record_id = c.id AND i.version = c.version AND i.commitment = c.commitment
            AND i.transaction_id = pg_current_xact_id()
        WHERE b.id IS NULL OR c.version <> b.version AND (c.version <> b.version + 1 OR i.record_id IS NULL)
    ) THEN
        RAISE EXCEPTION ''a changed row of % without its audit entry'', TG_TABLE_NAME USING ERRCODE = ''SR001'';
    END IF;
    -- The same version: only the sealing of sealed columns may differ, under an entry of its own (key rotation).
    SELECT count(*) INTO kept FROM changed c JOIN before b ON b.id = c.id WHERE c.version = b.version;
    IF kept > 0 THEN
        SELECT array_agg(attname::text) INTO sealed FROM pg_attribute
        WHERE attrelid = TG_RELID AND atttypid = ''bytea''::regtype AND attname <> ''commitment'' AND NOT attisdropped;
        IF NOT EXISTS (SELECT FROM {{schema}}._entry WHERE transaction_id = pg_current_xact_id() AND kind = 5)
            OR EXISTS (
                SELECT FROM changed c JOIN before b ON b.id = c.id
                WHERE c.version = b.version AND (to_jsonb(c) - sealed) IS DISTINCT FROM (to_jsonb(b) - sealed)
            )
        THEN
            RAISE EXCEPTION ''a row of % changed without a new version'', TG_TABLE_NAME USING ERRCODE = ''SR001'';
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION {{schema}}._check_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM before b
        LEFT JOIN {{schema}}._image i ON i.record_id = b.id AND i.version = b.version + 1
            AND i.transaction_id = pg_current_xact_id()
        WHERE i.record_id IS NULL
    ) THEN
        RAISE EXCEPTION ''a removed row of % without its audit entry'', TG_TABLE_NAME USING ERRCODE = ''SR001'';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION {{schema}}._require_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._entry WHERE transaction_id = pg_current_xact_id()) THEN
        RAISE EXCEPTION ''a change of % without its audit entry'', TG_TABLE_NAME USING ERRCODE = ''SR001'';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR UPDATE OR DELETE ON {{schema}}._dataset
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {{schema}}._require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR UPDATE OR DELETE ON {{schema}}._field
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {{schema}}._require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR UPDATE OR DELETE ON {{schema}}._file
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {{schema}}._require_entry();

CREATE FUNCTION {{schema}}._append(
    entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    appended timestamptz := clock_timestamp();
BEGIN
    INSERT INTO {{schema}}._entry (id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at)
    VALUES (entry_id, entry_kind, key_version, header, c_header, c_before, c_after, pg_current_xact_id(), appended);
    INSERT INTO strongroom.audit_pending (schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at)
    VALUES (''{{schema}}'', entry_id, entry_kind, key_version, c_header, c_before, c_after, appended);
    RETURN appended;
END
$$;

CREATE FUNCTION {{schema}}._check_definition(dataset integer, definition_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._dataset WHERE id = dataset AND schema_version = definition_version) THEN
        RAISE EXCEPTION ''the dataset was redefined'' USING ERRCODE = ''SR003'';
    END IF;
END
$$;

CREATE FUNCTION {{schema}}._append_record(
    entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea,
    dataset integer, definition_version integer, record uuid, record_version bigint, image bytea
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    appended timestamptz := {{schema}}._append(entry_id, entry_kind, key_version, header, c_header, c_before, c_after);
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._dataset WHERE id = dataset AND schema_version = definition_version) THEN
        RAISE EXCEPTION ''the dataset was redefined'' USING ERRCODE = ''SR003'';
    END IF;
    INSERT INTO {{schema}}._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed)
    VALUES (record, record_version, dataset, entry_id, 0, key_version, c_after, image);
    RETURN appended;
END
$$;

GRANT SELECT ON {{schema}}._dataset, {{schema}}._field, {{schema}}._entry, {{schema}}._image TO {{schema}};
GRANT SELECT, INSERT, DELETE ON {{schema}}._file, {{schema}}._file_chunk TO {{schema}};
GRANT INSERT (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed) ON {{schema}}._image TO {{schema}};
GRANT EXECUTE ON FUNCTION {{schema}}._append, {{schema}}._append_record, {{schema}}._check_definition TO {{schema}};
');












INSERT INTO strongroom_migration.applied (scope, version, name, checksum, applied_at) VALUES ('control', 1, 'foundation', '7fb2edc8d76a9f40382dec791d5b9cbb58ef794a14a10d774c1fe1c1f508fe8a', '2026-11-28 21:12:39.06473+00');
INSERT INTO strongroom_migration.applied (scope, version, name, checksum, applied_at) VALUES ('organization', 1, 'organization foundation', '31d9f7892f7556f42bcf391abbf43279db1362705c46586877735c4d5c750829', '2026-11-28 21:12:39.070882+00');



SELECT pg_catalog.setval('o_bmubls7mjxlsd6uwnguujs6ttb._dataset_id_seq', 3, true);



SELECT pg_catalog.setval('o_bmubls7mjxlsd6uwnguujs6ttb._entry_sequence_seq', 10, true);



SELECT pg_catalog.setval('o_bmubls7mjxlsd6uwnguujs6ttb._field_id_seq', 21, true);



SELECT pg_catalog.setval('o_bmubls7mjxlsd6uwnguujs6ttb.f20_number', 3, true);



SELECT pg_catalog.setval('strongroom.access_event_id_seq', 1, false);



SELECT pg_catalog.setval('strongroom.audit_pending_sequence_seq', 21, true);



SELECT pg_catalog.setval('strongroom.entry_sequence_seq', 11, true);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._claim
    ADD CONSTRAINT _claim_pkey PRIMARY KEY (entry_id, transaction_id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._dataset
    ADD CONSTRAINT _dataset_pkey PRIMARY KEY (id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._entry
    ADD CONSTRAINT _entry_pkey PRIMARY KEY (id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._entry
    ADD CONSTRAINT _entry_sequence_key UNIQUE (sequence);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._field
    ADD CONSTRAINT _field_pkey PRIMARY KEY (id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._file_chunk
    ADD CONSTRAINT _file_chunk_pkey PRIMARY KEY (file_id, number);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._file
    ADD CONSTRAINT _file_pkey PRIMARY KEY (id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._image
    ADD CONSTRAINT _image_pkey PRIMARY KEY (record_id, version);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb.d1
    ADD CONSTRAINT d1_pkey PRIMARY KEY (id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb.d2
    ADD CONSTRAINT d2_pkey PRIMARY KEY (id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb.d3
    ADD CONSTRAINT d3_pkey PRIMARY KEY (id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._dataset
    ADD CONSTRAINT dataset_key_taken UNIQUE (key);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._field
    ADD CONSTRAINT field_key_taken UNIQUE (dataset_id, key);



ALTER TABLE ONLY strongroom.access_event
    ADD CONSTRAINT access_event_pkey PRIMARY KEY (id);



ALTER TABLE ONLY strongroom.account
    ADD CONSTRAINT account_email_taken UNIQUE (email);



ALTER TABLE ONLY strongroom.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);



ALTER TABLE ONLY strongroom.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (id);



ALTER TABLE ONLY strongroom.api_token
    ADD CONSTRAINT api_token_public_id_key UNIQUE (public_id);



ALTER TABLE ONLY strongroom.audit_pending
    ADD CONSTRAINT audit_pending_pkey PRIMARY KEY (sequence);



ALTER TABLE ONLY strongroom.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (id);



ALTER TABLE ONLY strongroom.entry
    ADD CONSTRAINT entry_sequence_key UNIQUE (sequence);



ALTER TABLE ONLY strongroom.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (scope);



ALTER TABLE ONLY strongroom.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);



ALTER TABLE ONLY strongroom.membership
    ADD CONSTRAINT membership_taken PRIMARY KEY (organization_id, account_id);



ALTER TABLE ONLY strongroom.organization_key
    ADD CONSTRAINT organization_key_pkey PRIMARY KEY (organization_id, version);



ALTER TABLE ONLY strongroom.organization
    ADD CONSTRAINT organization_pkey PRIMARY KEY (id);



ALTER TABLE ONLY strongroom.organization
    ADD CONSTRAINT organization_schema_name_key UNIQUE (schema_name);



ALTER TABLE ONLY strongroom.organization
    ADD CONSTRAINT organization_slug_taken UNIQUE (slug);



ALTER TABLE ONLY strongroom.organization_template
    ADD CONSTRAINT organization_template_pkey PRIMARY KEY (version);



ALTER TABLE ONLY strongroom.promise_observation
    ADD CONSTRAINT promise_observation_pkey PRIMARY KEY (promise_id, checked_at);



ALTER TABLE ONLY strongroom.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);



ALTER TABLE ONLY strongroom.session
    ADD CONSTRAINT session_token_hash_key UNIQUE (token_hash);



ALTER TABLE ONLY strongroom.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);



ALTER TABLE ONLY strongroom_migration.applied
    ADD CONSTRAINT applied_pkey PRIMARY KEY (scope, version);



CREATE INDEX _entry_transaction ON o_bmubls7mjxlsd6uwnguujs6ttb._entry USING btree (transaction_id);



CREATE UNIQUE INDEX f1_unique ON o_bmubls7mjxlsd6uwnguujs6ttb.d1 USING btree (f1);



CREATE INDEX access_event_account ON strongroom.access_event USING btree (account_id, id DESC);



CREATE INDEX access_event_organization ON strongroom.access_event USING btree (organization_id, id DESC);



CREATE INDEX api_token_account ON strongroom.api_token USING btree (account_id, organization_id);



CREATE INDEX entry_organization ON strongroom.entry USING btree (organization_id, sequence DESC);



CREATE INDEX entry_transaction ON strongroom.entry USING btree (transaction_id);



CREATE INDEX idempotency_age ON strongroom.idempotency USING btree (created_at);



CREATE INDEX job_organization ON strongroom.job USING btree (organization_id, created_at DESC);



CREATE INDEX job_waiting ON strongroom.job USING btree (created_at) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));



CREATE INDEX membership_account ON strongroom.membership USING btree (account_id);



CREATE INDEX session_account ON strongroom.session USING btree (account_id) WHERE (ended_at IS NULL);



CREATE TRIGGER check_delete AFTER DELETE ON o_bmubls7mjxlsd6uwnguujs6ttb.d1 REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_delete();



CREATE TRIGGER check_delete AFTER DELETE ON o_bmubls7mjxlsd6uwnguujs6ttb.d2 REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_delete();



CREATE TRIGGER check_delete AFTER DELETE ON o_bmubls7mjxlsd6uwnguujs6ttb.d3 REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_delete();



CREATE TRIGGER check_insert AFTER INSERT ON o_bmubls7mjxlsd6uwnguujs6ttb.d1 REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_insert();



CREATE TRIGGER check_insert AFTER INSERT ON o_bmubls7mjxlsd6uwnguujs6ttb.d2 REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_insert();



CREATE TRIGGER check_insert AFTER INSERT ON o_bmubls7mjxlsd6uwnguujs6ttb.d3 REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_insert();



CREATE TRIGGER check_update AFTER UPDATE ON o_bmubls7mjxlsd6uwnguujs6ttb.d1 REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_update();



CREATE TRIGGER check_update AFTER UPDATE ON o_bmubls7mjxlsd6uwnguujs6ttb.d2 REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_update();



CREATE TRIGGER check_update AFTER UPDATE ON o_bmubls7mjxlsd6uwnguujs6ttb.d3 REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_update();



CREATE TRIGGER claim_images AFTER INSERT ON o_bmubls7mjxlsd6uwnguujs6ttb._image REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._claim_images();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON o_bmubls7mjxlsd6uwnguujs6ttb._dataset DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._require_entry();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON o_bmubls7mjxlsd6uwnguujs6ttb._field DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._require_entry();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON o_bmubls7mjxlsd6uwnguujs6ttb._file DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._require_entry();



CREATE CONSTRAINT TRIGGER settle_claim AFTER INSERT ON o_bmubls7mjxlsd6uwnguujs6ttb._claim DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._settle_claim();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE OF email, name, password, state, operator ON strongroom.account DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE OF revoked_at, permissions, expires_at, secret_hash ON strongroom.api_token DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.membership DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE OF id, slug, name, schema_name, state, audit_tag, login, policies, created_at ON strongroom.organization DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.organization_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE OF ended_at ON strongroom.session DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();



CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.setting DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb._field
    ADD CONSTRAINT _field_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES o_bmubls7mjxlsd6uwnguujs6ttb._dataset(id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb.d2
    ADD CONSTRAINT f15_reference FOREIGN KEY (f15) REFERENCES o_bmubls7mjxlsd6uwnguujs6ttb.d1(id);



ALTER TABLE ONLY o_bmubls7mjxlsd6uwnguujs6ttb.d2
    ADD CONSTRAINT f17_attachment FOREIGN KEY (f17) REFERENCES o_bmubls7mjxlsd6uwnguujs6ttb._file(id);



ALTER TABLE ONLY strongroom.api_token
    ADD CONSTRAINT api_token_account_id_fkey FOREIGN KEY (account_id) REFERENCES strongroom.account(id);



ALTER TABLE ONLY strongroom.api_token
    ADD CONSTRAINT api_token_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES strongroom.organization(id);



ALTER TABLE ONLY strongroom.job
    ADD CONSTRAINT job_account_id_fkey FOREIGN KEY (account_id) REFERENCES strongroom.account(id);



ALTER TABLE ONLY strongroom.job
    ADD CONSTRAINT job_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES strongroom.organization(id);



ALTER TABLE ONLY strongroom.membership
    ADD CONSTRAINT membership_account_id_fkey FOREIGN KEY (account_id) REFERENCES strongroom.account(id);



ALTER TABLE ONLY strongroom.membership
    ADD CONSTRAINT membership_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES strongroom.organization(id);



ALTER TABLE ONLY strongroom.session
    ADD CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES strongroom.account(id);



GRANT USAGE ON SCHEMA o_bmubls7mjxlsd6uwnguujs6ttb TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT USAGE ON SCHEMA strongroom TO strongroom_app;
GRANT USAGE ON SCHEMA strongroom TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._append(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._append(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._append_record(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea, dataset integer, definition_version integer, record uuid, record_version bigint, image bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._append_record(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea, dataset integer, definition_version integer, record uuid, record_version bigint, image bytea) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_definition(dataset integer, definition_version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_definition(dataset integer, definition_version integer) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_delete() FROM PUBLIC;



REVOKE ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_insert() FROM PUBLIC;



REVOKE ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._check_update() FROM PUBLIC;



REVOKE ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._claim_images() FROM PUBLIC;



REVOKE ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._require_entry() FROM PUBLIC;



REVOKE ALL ON FUNCTION o_bmubls7mjxlsd6uwnguujs6ttb._settle_claim() FROM PUBLIC;



REVOKE ALL ON FUNCTION strongroom.add_field(dataset integer, field_key text, label text, kind text, definition jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.add_field(dataset integer, field_key text, label text, kind text, definition jsonb) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION strongroom.alter_dataset(dataset integer, new_label text, new_description text) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.alter_dataset(dataset integer, new_label text, new_description text) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION strongroom.alter_field(field integer, new_label text, new_definition jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.alter_field(field integer, new_label text, new_definition jsonb) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION strongroom.append_entry(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea, organization uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.append_entry(entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea, organization uuid) TO strongroom_app;



REVOKE ALL ON FUNCTION strongroom.column_type(kind text) FROM PUBLIC;



REVOKE ALL ON FUNCTION strongroom.create_dataset(dataset_key text, label text, description text) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.create_dataset(dataset_key text, label text, description text) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION strongroom.create_organization_schema(schema_name text, verifier text) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.create_organization_schema(schema_name text, verifier text) TO strongroom_app;



REVOKE ALL ON FUNCTION strongroom.drop_dataset(dataset integer) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.drop_dataset(dataset integer) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION strongroom.drop_field(field integer) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.drop_field(field integer) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION strongroom.index_field(home text, dataset integer, field integer, kind text, definition jsonb) FROM PUBLIC;



REVOKE ALL ON FUNCTION strongroom.index_search(dataset integer) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.index_search(dataset integer) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION strongroom.require_entry() FROM PUBLIC;



REVOKE ALL ON FUNCTION strongroom.seal_field_begin(field integer) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.seal_field_begin(field integer) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION strongroom.seal_field_finish(field integer) FROM PUBLIC;
GRANT ALL ON FUNCTION strongroom.seal_field_finish(field integer) TO o_bmubls7mjxlsd6uwnguujs6ttb;



REVOKE ALL ON FUNCTION strongroom.tenant() FROM PUBLIC;



REVOKE ALL ON FUNCTION strongroom.touch_dataset(home text, dataset integer) FROM PUBLIC;



GRANT SELECT ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._dataset TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT SELECT ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._entry TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT SELECT ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._field TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT SELECT,INSERT,DELETE ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._file TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT SELECT,INSERT,DELETE ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._file_chunk TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT SELECT ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT INSERT(record_id) ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT INSERT(version) ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT INSERT(dataset_id) ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT INSERT(entry_id) ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT INSERT(ordinal) ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT INSERT(key_version) ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT INSERT(commitment) ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT INSERT(sealed) ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb._image TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb.d1 TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb.d2 TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE o_bmubls7mjxlsd6uwnguujs6ttb.d3 TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT USAGE ON SEQUENCE o_bmubls7mjxlsd6uwnguujs6ttb.f20_number TO o_bmubls7mjxlsd6uwnguujs6ttb;



GRANT SELECT,INSERT ON TABLE strongroom.access_event TO strongroom_app;



GRANT SELECT,INSERT,UPDATE ON TABLE strongroom.account TO strongroom_app;



GRANT SELECT,INSERT,UPDATE ON TABLE strongroom.api_token TO strongroom_app;



GRANT SELECT ON TABLE strongroom.audit_pending TO strongroom_app;



GRANT SELECT ON TABLE strongroom.entry TO strongroom_app;



GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE strongroom.idempotency TO strongroom_app;



GRANT SELECT,INSERT,UPDATE ON TABLE strongroom.job TO strongroom_app;



GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE strongroom.membership TO strongroom_app;



GRANT SELECT,INSERT ON TABLE strongroom.organization TO strongroom_app;



GRANT UPDATE(slug) ON TABLE strongroom.organization TO strongroom_app;



GRANT UPDATE(name) ON TABLE strongroom.organization TO strongroom_app;



GRANT UPDATE(state) ON TABLE strongroom.organization TO strongroom_app;



GRANT UPDATE(login) ON TABLE strongroom.organization TO strongroom_app;



GRANT UPDATE(policies) ON TABLE strongroom.organization TO strongroom_app;



GRANT SELECT,INSERT,UPDATE ON TABLE strongroom.organization_key TO strongroom_app;



GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE strongroom.promise_observation TO strongroom_app;



GRANT SELECT,INSERT,UPDATE ON TABLE strongroom.session TO strongroom_app;



GRANT SELECT,INSERT,UPDATE ON TABLE strongroom.setting TO strongroom_app;




