-- One organization's schema. Its login has the rights granted here and no others.
CREATE TABLE {{schema}}._dataset (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key            text NOT NULL CONSTRAINT dataset_key_taken UNIQUE,
    label          text NOT NULL CHECK (length(label) BETWEEN 1 AND 200),
    description    text NOT NULL DEFAULT '' CHECK (length(description) <= 2000),
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

-- Uploaded files, sealed in chunks.
CREATE TABLE {{schema}}._file (
    id         uuid PRIMARY KEY,
    purpose    text NOT NULL CHECK (purpose IN ('attachment', 'import', 'report')),
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

-- One row per audited act.
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

-- One row per record version that an act made: the after-image, sealed.
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

-- Images that came before their entry, as in an import. Empty again when the transaction commits.
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
        RAISE EXCEPTION 'images without their audit entry' USING ERRCODE = 'SR001';
    END IF;
    DELETE FROM {{schema}}._claim WHERE entry_id = NEW.entry_id AND transaction_id = NEW.transaction_id;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER settle_claim AFTER INSERT ON {{schema}}._claim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {{schema}}._settle_claim();

-- Invariant: a row that appears, changes or goes has an image of its new version, made in the same transaction; the
-- image has its entry (settle_claim). Checked per statement with transition tables, because a deferred trigger per row
-- costs an import of 100,000 rows more than the rows themselves (ADR 2).
-- The planner settings keep each look an index look: a plan made while _image was empty would scan it for every row.
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
        RAISE EXCEPTION 'a new row of % without its audit entry', TG_TABLE_NAME USING ERRCODE = 'SR001';
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
        RAISE EXCEPTION 'a changed row of % without its audit entry', TG_TABLE_NAME USING ERRCODE = 'SR001';
    END IF;
    -- The same version: only the sealing of sealed columns may differ, under an entry of its own (key rotation).
    SELECT count(*) INTO kept FROM changed c JOIN before b ON b.id = c.id WHERE c.version = b.version;
    IF kept > 0 THEN
        SELECT array_agg(attname::text) INTO sealed FROM pg_attribute
        WHERE attrelid = TG_RELID AND atttypid = 'bytea'::regtype AND attname <> 'commitment' AND NOT attisdropped;
        IF NOT EXISTS (SELECT FROM {{schema}}._entry WHERE transaction_id = pg_current_xact_id() AND kind = 5)
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
        RAISE EXCEPTION 'a removed row of % without its audit entry', TG_TABLE_NAME USING ERRCODE = 'SR001';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION {{schema}}._require_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._entry WHERE transaction_id = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'a change of % without its audit entry', TG_TABLE_NAME USING ERRCODE = 'SR001';
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

-- Appends an entry. Sets time, order and organization itself: nobody can back-date or forge them.
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
    VALUES ('{{schema}}', entry_id, entry_kind, key_version, c_header, c_before, c_after, appended);
    RETURN appended;
END
$$;

-- Refuses a write that was checked against an older definition of its dataset.
CREATE FUNCTION {{schema}}._check_definition(dataset integer, definition_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._dataset WHERE id = dataset AND schema_version = definition_version) THEN
        RAISE EXCEPTION 'the dataset was redefined' USING ERRCODE = 'SR003';
    END IF;
END
$$;

-- The same with the image of the one record that the act changed.
CREATE FUNCTION {{schema}}._append_record(
    entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea,
    dataset integer, definition_version integer, record uuid, record_version bigint, image bytea
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    appended timestamptz := {{schema}}._append(entry_id, entry_kind, key_version, header, c_header, c_before, c_after);
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._dataset WHERE id = dataset AND schema_version = definition_version) THEN
        RAISE EXCEPTION 'the dataset was redefined' USING ERRCODE = 'SR003';
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
