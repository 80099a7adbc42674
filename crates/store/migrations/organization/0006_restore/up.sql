-- When a field came: going back to a moment before leaves its values as they are. Fields without a row are older than this table.
CREATE TABLE {{schema}}._field_time (
    field_id   integer PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION {{schema}}._note_field() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO {{schema}}._field_time (field_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER note_field AFTER INSERT ON {{schema}}._field FOR EACH ROW EXECUTE FUNCTION {{schema}}._note_field();
GRANT SELECT ON {{schema}}._field_time TO {{schema}};
