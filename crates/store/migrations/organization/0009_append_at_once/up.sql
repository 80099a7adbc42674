-- What an entry costs is less its rows than the way to them: each statement, trigger, nested function and CHECK added to the write of one
-- record. So one function decides, and writes entry, outbox and image in one statement (docs/BENCHMARK.md, ADR 60).
-- Invariant: nothing else writes entries, and the organization's login can call it and no more.

-- Appends an entry and, with a record, the image of what the act made of it. Sets time, order and organization itself: nobody can
-- back-date or forge them. What is found out after writing takes the writing back.
CREATE OR REPLACE FUNCTION {{schema}}._append_record(
    entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea,
    dataset integer, definition_version integer, record uuid, record_version bigint, image bytea
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    appended timestamptz := clock_timestamp();
    -- Nothing of that comes after cancellation.
    is_change boolean := entry_kind IN (1, 2, 4, 6);
    -- Empty: an assignment waits as PERFORM does, but without a query of its own.
    waited text;
    is_cancelled boolean;
    may_be_maintained boolean;
    known_definition integer;
BEGIN
    -- Heartbeats (kind 3) are the sequencer's own.
    IF entry_kind NOT BETWEEN 1 AND 8 OR entry_kind = 3 OR record_version < 1
        OR length(c_header) <> 32 OR length(c_before) <> 32 OR length(c_after) <> 32
    THEN
        RAISE EXCEPTION 'an entry that could never become a leaf of the log' USING ERRCODE = 'SR002', CONSTRAINT = 'leaf';
    END IF;
    -- Another level would look at how things stood when the transaction began.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'entries are made in transactions that are read committed' USING ERRCODE = 'SR002', CONSTRAINT = 'isolation';
    END IF;
    -- Shared among writers; whoever cancels, places a hold or switches maintenance takes them alone, and so waits for writes under way.
    IF is_change THEN
        waited := pg_advisory_xact_lock_shared(hashtext('strongroom.lifecycle'), hashtext('{{schema}}'));
    END IF;
    IF entry_kind <> 8 THEN
        waited := pg_advisory_xact_lock_shared(hashtext('strongroom.maintenance'));
    END IF;

    WITH entry AS (
        INSERT INTO {{schema}}._entry
            (id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at)
        VALUES (entry_id, entry_kind, key_version, header, c_header, c_before, c_after, pg_current_xact_id(), appended)
    ), outbox AS (
        INSERT INTO strongroom.audit_pending
            (schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at)
        VALUES ('{{schema}}', entry_id, entry_kind, key_version, c_header, c_before, c_after, appended)
    ), after_image AS (
        INSERT INTO {{schema}}._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed)
        SELECT record, record_version, dataset, entry_id, 0, key_version, c_after, image WHERE record IS NOT NULL
    )
    SELECT (SELECT state = 'cancelled' FROM strongroom.organization WHERE schema_name = '{{schema}}'),
        EXISTS (SELECT FROM strongroom.setting WHERE name = 'maintenance' AND jsonb_typeof(value) = 'object'),
        (SELECT schema_version FROM {{schema}}._dataset WHERE id = dataset)
    INTO is_cancelled, may_be_maintained, known_definition;

    IF is_change AND is_cancelled THEN
        RAISE EXCEPTION 'the organization is cancelled' USING ERRCODE = 'SR005', CONSTRAINT = 'cancelled';
    END IF;
    IF entry_kind = 2 THEN
        PERFORM strongroom.refuse_if_held('{{schema}}');
    END IF;
    IF may_be_maintained AND entry_kind <> 8 AND strongroom.is_in_maintenance() THEN
        RAISE EXCEPTION 'maintenance is on' USING ERRCODE = 'SR004', CONSTRAINT = 'maintenance';
    END IF;
    -- The write was checked against an older definition of its dataset.
    IF known_definition IS DISTINCT FROM definition_version THEN
        RAISE EXCEPTION 'the dataset was redefined' USING ERRCODE = 'SR003';
    END IF;
    RETURN appended;
END
$$;

-- The same without a record: what an act made of many comes as images of their own.
CREATE OR REPLACE FUNCTION {{schema}}._append(
    entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN {{schema}}._append_record(
        entry_id, entry_kind, key_version, header, c_header, c_before, c_after, NULL, NULL, NULL, NULL, NULL);
END
$$;

DROP TRIGGER refuse_at_end ON {{schema}}._entry;
DROP TRIGGER refuse_in_maintenance ON {{schema}}._entry;
ALTER TABLE {{schema}}._entry
    DROP CONSTRAINT _entry_kind_check,
    DROP CONSTRAINT _entry_c_header_check,
    DROP CONSTRAINT _entry_c_before_check,
    DROP CONSTRAINT _entry_c_after_check;
ALTER TABLE {{schema}}._image
    DROP CONSTRAINT _image_version_check,
    DROP CONSTRAINT _image_commitment_check;

-- Images that the organization's login brings itself. Those of _append_record, which is the owner's, come with their entry.
CREATE OR REPLACE FUNCTION {{schema}}._claim_images() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM changed c WHERE c.version < 1 OR length(c.commitment) <> 32) THEN
        RAISE EXCEPTION 'an image that no record can have' USING ERRCODE = 'SR002', CONSTRAINT = 'image';
    END IF;
    IF EXISTS (
        SELECT FROM changed c WHERE NOT EXISTS (
            SELECT FROM {{schema}}._entry e
            WHERE e.id = c.entry_id AND e.transaction_id = pg_current_xact_id() AND e.kind IN (1, 2, 4, 6)
        )
    ) THEN
        INSERT INTO {{schema}}._claim (entry_id, transaction_id)
        SELECT DISTINCT c.entry_id, pg_current_xact_id() FROM changed c
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER claim_images ON {{schema}}._image;
CREATE TRIGGER claim_images AFTER INSERT ON {{schema}}._image REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT WHEN (current_user <> 'strongroom_owner') EXECUTE FUNCTION {{schema}}._claim_images();

-- A look for each row can be nothing but an index look, so that of the planner's settings one is enough.
CREATE OR REPLACE FUNCTION {{schema}}._check_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed c WHERE c.version <> 1 OR c.commitment IS DISTINCT FROM (
            SELECT i.commitment FROM {{schema}}._image i
            WHERE i.record_id = c.id AND i.version = c.version AND i.transaction_id = pg_current_xact_id()
        )
    ) THEN
        RAISE EXCEPTION 'a new row of % without its audit entry', TG_TABLE_NAME USING ERRCODE = 'SR001';
    END IF;
    RETURN NULL;
END
$$;
