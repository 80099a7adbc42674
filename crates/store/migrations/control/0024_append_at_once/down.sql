DROP FUNCTION strongroom.control_version();

ALTER TABLE strongroom.audit_pending ADD CONSTRAINT audit_pending_leaf CHECK (kind BETWEEN 1 AND 8 AND kind <> 3
    AND length(c_header) = 32 AND length(c_before) = 32 AND length(c_after) = 32);

CREATE OR REPLACE FUNCTION strongroom.append_entry(
    entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea,
    organization uuid
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    appended timestamptz := clock_timestamp();
BEGIN
    INSERT INTO strongroom.entry
        (id, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at)
    VALUES (entry_id, organization, entry_kind, key_version, header, c_header, c_before, c_after, pg_current_xact_id(), appended);
    INSERT INTO strongroom.audit_pending (schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at)
    VALUES ('strongroom', entry_id, entry_kind, key_version, c_header, c_before, c_after, appended);
    RETURN appended;
END
$$;

CREATE OR REPLACE FUNCTION strongroom.refuse_in_maintenance() RETURNS trigger
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
DROP FUNCTION strongroom.is_in_maintenance();
