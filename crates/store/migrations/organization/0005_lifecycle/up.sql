-- After cancellation nothing changes; under a hold nothing goes. The database decides, whatever program asks.
CREATE TRIGGER refuse_at_end BEFORE INSERT ON {{schema}}._entry
    FOR EACH ROW EXECUTE FUNCTION strongroom.refuse_at_end();
CREATE TRIGGER refuse_loss BEFORE INSERT OR DELETE ON {{schema}}._file
    FOR EACH STATEMENT EXECUTE FUNCTION strongroom.refuse_loss();
CREATE TRIGGER refuse_loss BEFORE DELETE ON {{schema}}._file_chunk
    FOR EACH STATEMENT EXECUTE FUNCTION strongroom.refuse_loss();
CREATE TRIGGER refuse_loss BEFORE INSERT OR UPDATE OR DELETE ON {{schema}}._field
    FOR EACH STATEMENT EXECUTE FUNCTION strongroom.refuse_loss();
CREATE TRIGGER refuse_loss BEFORE INSERT OR UPDATE OR DELETE ON {{schema}}._dataset
    FOR EACH STATEMENT EXECUTE FUNCTION strongroom.refuse_loss();

CREATE OR REPLACE FUNCTION {{schema}}._check_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off AS $$
BEGIN
    PERFORM strongroom.refuse_if_held('{{schema}}');
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

-- Images come with an entry that refuse_at_end has looked at, or not at all: beside an entry of another kind nothing would have
-- asked. One look where the entry is there already, as with every single record; a second trigger for it cost a tenth of the write.
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

CREATE OR REPLACE FUNCTION {{schema}}._settle_claim() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM {{schema}}._entry
        WHERE id = NEW.entry_id AND transaction_id = NEW.transaction_id AND kind IN (1, 2, 4, 6)
    ) THEN
        RAISE EXCEPTION 'images without their audit entry' USING ERRCODE = 'SR001';
    END IF;
    DELETE FROM {{schema}}._claim WHERE entry_id = NEW.entry_id AND transaction_id = NEW.transaction_id;
    RETURN NULL;
END
$$;

-- References that are there already become as strongroom.add_field makes them now.
DO $$
DECLARE
    reference record;
BEGIN
    FOR reference IN SELECT c.relname, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE c.relnamespace = to_regnamespace('{{schema}}') AND c.relname ~ '^d[0-9]+$'
            AND k.contype = 'f' AND k.conname ~ '^f[0-9]+_reference$'
    LOOP
        EXECUTE format('ALTER TABLE {{schema}}.%I ALTER CONSTRAINT %I DEFERRABLE INITIALLY IMMEDIATE', reference.relname, reference.conname);
    END LOOP;
END
$$;
