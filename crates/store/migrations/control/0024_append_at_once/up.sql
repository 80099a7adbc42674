-- What an organization's _append_record needs (step 9 of every organization): it asks whether maintenance is on without a trigger, and
-- what could never become a leaf is refused where entries are made. PostgreSQL reads a CHECK anew for every row's statement.
CREATE FUNCTION strongroom.is_in_maintenance() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mode jsonb;
BEGIN
    SELECT value INTO mode FROM strongroom.setting WHERE name = 'maintenance' AND jsonb_typeof(value) = 'object';
    RETURN FOUND AND clock_timestamp() >= (mode ->> 'from')::timestamptz
        AND coalesce(clock_timestamp() < (mode ->> 'until')::timestamptz, true);
END
$$;

CREATE OR REPLACE FUNCTION strongroom.refuse_in_maintenance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
    IF strongroom.is_in_maintenance() THEN
        RAISE EXCEPTION 'maintenance is on' USING ERRCODE = 'SR004', CONSTRAINT = 'maintenance';
    END IF;
    RETURN NEW;
END
$$;

-- Heartbeats (kind 3) are the sequencer's own. The rest of what a leaf needs, the table itself asks for.
CREATE OR REPLACE FUNCTION strongroom.append_entry(
    entry_id uuid, entry_kind smallint, key_version integer, header bytea, c_header bytea, c_before bytea, c_after bytea,
    organization uuid
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    appended timestamptz := clock_timestamp();
BEGIN
    IF entry_kind = 3 THEN
        RAISE EXCEPTION 'an entry that could never become a leaf of the log' USING ERRCODE = 'SR002', CONSTRAINT = 'leaf';
    END IF;
    INSERT INTO strongroom.entry
        (id, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at)
    VALUES (entry_id, organization, entry_kind, key_version, header, c_header, c_before, c_after, pg_current_xact_id(), appended);
    INSERT INTO strongroom.audit_pending (schema_name, entry_id, kind, key_version, c_header, c_before, c_after, appended_at)
    VALUES ('strongroom', entry_id, entry_kind, key_version, c_header, c_before, c_after, appended);
    RETURN appended;
END
$$;

ALTER TABLE strongroom.audit_pending DROP CONSTRAINT audit_pending_leaf;

-- Functions are held against the steps that made them: those of another version are not a program's to judge.
CREATE FUNCTION strongroom.control_version() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT max(version) FROM strongroom_migration.applied WHERE scope = 'control'
$$;
GRANT EXECUTE ON FUNCTION strongroom.control_version TO strongroom_app;
