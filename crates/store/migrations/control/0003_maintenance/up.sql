-- Maintenance: while the setting `maintenance` says that it is on, nothing is written but who came in and what was
-- refused (kind 8). Every change needs its entry, so that refusing the entry refuses the change, whoever makes it and on
-- whatever node.
CREATE FUNCTION strongroom.refuse_in_maintenance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mode jsonb;
BEGIN
    IF NEW.kind = 8 THEN
        RETURN NEW;
    END IF;
    -- Only for acts on the appliance: what switches maintenance must not be refused by it. This keeps order among honest
    -- programs; it is no defence against SQL.
    IF TG_TABLE_SCHEMA = 'strongroom' AND current_setting('strongroom.through_maintenance', true) = 'yes' THEN
        RETURN NEW;
    END IF;
    -- Shared among writers; whoever switches maintenance takes it alone, and so waits for writes that are under way.
    PERFORM pg_advisory_xact_lock_shared(hashtext('strongroom.maintenance'));
    SELECT value INTO mode FROM strongroom.setting WHERE name = 'maintenance' AND jsonb_typeof(value) = 'object';
    IF FOUND AND clock_timestamp() >= (mode ->> 'from')::timestamptz
        AND coalesce(clock_timestamp() < (mode ->> 'until')::timestamptz, true)
    THEN
        RAISE EXCEPTION 'maintenance is on' USING ERRCODE = 'SR004', CONSTRAINT = 'maintenance';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refuse_in_maintenance BEFORE INSERT ON strongroom.entry
    FOR EACH ROW EXECUTE FUNCTION strongroom.refuse_in_maintenance();
