-- After cancellation nothing changes; under a hold nothing goes. The database decides, whatever program asks.
CREATE TRIGGER refuse_at_end BEFORE INSERT ON {{schema}}._entry
    FOR EACH ROW EXECUTE FUNCTION strongroom.refuse_at_end();
CREATE TRIGGER refuse_loss BEFORE INSERT OR DELETE ON {{schema}}._file
    FOR EACH STATEMENT EXECUTE FUNCTION strongroom.refuse_loss();
CREATE TRIGGER refuse_loss BEFORE DELETE ON {{schema}}._file_chunk
    FOR EACH STATEMENT EXECUTE FUNCTION strongroom.refuse_loss();
CREATE TRIGGER refuse_loss BEFORE INSERT ON {{schema}}._image
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
