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
DROP TRIGGER refuse_loss ON {{schema}}._image;
DROP TRIGGER refuse_loss ON {{schema}}._file_chunk;
DROP TRIGGER refuse_loss ON {{schema}}._file;
DROP TRIGGER refuse_at_end ON {{schema}}._entry;
