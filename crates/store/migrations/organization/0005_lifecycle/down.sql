CREATE OR REPLACE FUNCTION {{schema}}._check_delete() RETURNS trigger
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
DROP TRIGGER refuse_loss ON {{schema}}._dataset;
DROP TRIGGER refuse_loss ON {{schema}}._field;
DROP TRIGGER refuse_loss ON {{schema}}._file_chunk;
DROP TRIGGER refuse_loss ON {{schema}}._file;
DROP TRIGGER refuse_at_end ON {{schema}}._entry;

CREATE OR REPLACE FUNCTION {{schema}}._claim_images() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO {{schema}}._claim (entry_id, transaction_id)
    SELECT c.entry_id, pg_current_xact_id() FROM (SELECT DISTINCT entry_id FROM changed) c
    WHERE NOT EXISTS (SELECT FROM {{schema}}._entry e WHERE e.id = c.entry_id AND e.transaction_id = pg_current_xact_id())
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION {{schema}}._settle_claim() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._entry WHERE id = NEW.entry_id AND transaction_id = NEW.transaction_id) THEN
        RAISE EXCEPTION 'images without their audit entry' USING ERRCODE = 'SR001';
    END IF;
    DELETE FROM {{schema}}._claim WHERE entry_id = NEW.entry_id AND transaction_id = NEW.transaction_id;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    reference record;
BEGIN
    FOR reference IN SELECT c.relname, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE c.relnamespace = to_regnamespace('{{schema}}') AND c.relname ~ '^d[0-9]+$'
            AND k.contype = 'f' AND k.conname ~ '^f[0-9]+_reference$'
    LOOP
        EXECUTE format('ALTER TABLE {{schema}}.%I ALTER CONSTRAINT %I NOT DEFERRABLE', reference.relname, reference.conname);
    END LOOP;
END
$$;
