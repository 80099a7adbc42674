DROP FUNCTION strongroom.sweep_deletion, strongroom.destroy_organization, strongroom.names;
DROP TRIGGER refuse_trim_under_hold ON strongroom.access_log_trim;
DROP FUNCTION strongroom.refuse_trim_under_hold, strongroom.refuse_loss, strongroom.refuse_at_end,
    strongroom.refuse_if_held, strongroom.hold_writers_of;
DROP TABLE strongroom.deletion, strongroom.legal_hold;
DROP FUNCTION strongroom.keep_deletion, strongroom.keep_legal_hold;
DROP TRIGGER require_entry_cancelled ON strongroom.organization;
ALTER TABLE strongroom.organization DROP CONSTRAINT organization_cancelled,
    DROP COLUMN cancelled_at, DROP COLUMN export_until;

CREATE OR REPLACE FUNCTION strongroom.add_field(dataset integer, field_key text, label text, kind text, definition jsonb) RETURNS integer
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
