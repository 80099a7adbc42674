CREATE OR REPLACE FUNCTION {{schema}}._check_insert() RETURNS trigger
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

DROP TRIGGER claim_images ON {{schema}}._image;
CREATE TRIGGER claim_images AFTER INSERT ON {{schema}}._image REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {{schema}}._claim_images();
CREATE OR REPLACE FUNCTION {{schema}}._claim_images() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off AS $$
BEGIN
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

ALTER TABLE {{schema}}._image
    ADD CONSTRAINT _image_version_check CHECK (version > 0),
    ADD CONSTRAINT _image_commitment_check CHECK (length(commitment) = 32);
ALTER TABLE {{schema}}._entry
    ADD CONSTRAINT _entry_kind_check CHECK (kind BETWEEN 1 AND 8),
    ADD CONSTRAINT _entry_c_header_check CHECK (length(c_header) = 32),
    ADD CONSTRAINT _entry_c_before_check CHECK (length(c_before) = 32),
    ADD CONSTRAINT _entry_c_after_check CHECK (length(c_after) = 32);
CREATE TRIGGER refuse_in_maintenance BEFORE INSERT ON {{schema}}._entry
    FOR EACH ROW EXECUTE FUNCTION strongroom.refuse_in_maintenance();
CREATE TRIGGER refuse_at_end BEFORE INSERT ON {{schema}}._entry
    FOR EACH ROW EXECUTE FUNCTION strongroom.refuse_at_end();

CREATE OR REPLACE FUNCTION {{schema}}._append(
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

CREATE OR REPLACE FUNCTION {{schema}}._append_record(
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
