-- The end of an organization: cancelled (read and exported only), then deleted for good; and holds, which stop both.
ALTER TABLE strongroom.organization
    ADD COLUMN cancelled_at timestamptz,
    ADD COLUMN export_until timestamptz,
    ADD CONSTRAINT organization_cancelled CHECK (
        (state = 'cancelled') = (cancelled_at IS NOT NULL) AND (cancelled_at IS NULL) = (export_until IS NULL)
        AND export_until BETWEEN cancelled_at + interval '30 days' AND cancelled_at + interval '365 days');
CREATE CONSTRAINT TRIGGER require_entry_cancelled AFTER UPDATE OF cancelled_at, export_until ON strongroom.organization
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT UPDATE (cancelled_at, export_until) ON strongroom.organization TO strongroom_app;

-- For a named reason and person nothing of an organization is deleted or expires. What the host placed (no account) only the
-- host lifts, so that an owner cannot lift what is meant for them.
CREATE TABLE strongroom.legal_hold (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES strongroom.organization (id),
    reason          text NOT NULL CHECK (length(reason) BETWEEN 5 AND 500),
    person          text NOT NULL CHECK (length(person) BETWEEN 1 AND 200),
    concerns        uuid, -- the member who is looked into, if it is one
    placed_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    placed_by       uuid,
    lifted_at       timestamptz,
    lifted_by       uuid,
    lifted_reason   text CHECK (length(lifted_reason) BETWEEN 5 AND 500),
    CHECK ((lifted_at IS NULL) = (lifted_reason IS NULL) AND (lifted_at IS NOT NULL OR lifted_by IS NULL)),
    CONSTRAINT legal_hold_host CHECK (placed_by IS NOT NULL OR lifted_by IS NULL),
    CONSTRAINT legal_hold_own CHECK (lifted_by <> concerns)
);
CREATE INDEX legal_hold_open ON strongroom.legal_hold (organization_id) WHERE lifted_at IS NULL;

-- What was placed stays as it was; a hold is lifted once.
CREATE FUNCTION strongroom.keep_legal_hold() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.lifted_at IS NOT NULL
        OR (NEW.id, NEW.organization_id, NEW.reason, NEW.person, NEW.concerns, NEW.placed_at, NEW.placed_by)
            IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.reason, OLD.person, OLD.concerns, OLD.placed_at, OLD.placed_by)
    THEN
        RAISE EXCEPTION 'a hold is not changed' USING ERRCODE = 'SR002', CONSTRAINT = 'keep_legal_hold';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_legal_hold BEFORE UPDATE ON strongroom.legal_hold
    FOR EACH ROW EXECUTE FUNCTION strongroom.keep_legal_hold();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.legal_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT (id, organization_id, reason, person, concerns, placed_by),
    UPDATE (lifted_at, lifted_by, lifted_reason) ON strongroom.legal_hold TO strongroom_app;

-- Orders to delete, and the certificates of those that were carried out. No references: a row outlives what it is about.
CREATE TABLE strongroom.deletion (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    slug            text NOT NULL,
    name            text NOT NULL,
    cause           text NOT NULL CHECK (cause IN ('order', 'window')),
    ordered_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    ordered_by      uuid,
    hours           integer NOT NULL CHECK (hours BETWEEN 1 AND 24),
    called_back_at  timestamptz,
    called_back_by  uuid,
    finished_at     timestamptz,
    certificate     text,  -- the bytes that are signed
    signature       bytea, -- Ed25519 over them
    swept_through   text,        -- the last shared table whose pages were written anew, while that goes on
    swept_after     text[],      -- transactions that may still see removed rows: until they end, rows are kept
    swept_at        timestamptz, -- when all of them were
    CHECK ((cause = 'order') = (ordered_by IS NOT NULL)),
    CHECK (called_back_at IS NULL OR finished_at IS NULL),
    CHECK ((finished_at IS NULL) = (certificate IS NULL) AND (finished_at IS NULL) = (signature IS NULL)),
    CHECK (swept_at IS NULL OR finished_at IS NOT NULL)
);
CREATE UNIQUE INDEX deletion_open ON strongroom.deletion (organization_id)
    WHERE called_back_at IS NULL AND finished_at IS NULL;

-- What was ordered stays as it was, and what is over stays over.
CREATE FUNCTION strongroom.keep_deletion() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.id, NEW.organization_id, NEW.slug, NEW.name, NEW.cause, NEW.ordered_at, NEW.ordered_by, NEW.hours)
            IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.slug, OLD.name, OLD.cause, OLD.ordered_at, OLD.ordered_by, OLD.hours)
        OR OLD.called_back_at IS NOT NULL AND NEW IS DISTINCT FROM OLD
        OR OLD.finished_at IS NOT NULL AND (NEW.called_back_at, NEW.finished_at, NEW.certificate, NEW.signature)
            IS DISTINCT FROM (OLD.called_back_at, OLD.finished_at, OLD.certificate, OLD.signature)
    THEN
        RAISE EXCEPTION 'a deletion is not changed' USING ERRCODE = 'SR002', CONSTRAINT = 'keep_deletion';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_deletion BEFORE UPDATE ON strongroom.deletion
    FOR EACH ROW EXECUTE FUNCTION strongroom.keep_deletion();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE
    OR UPDATE OF called_back_at, called_back_by, finished_at, certificate, signature ON strongroom.deletion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT (id, organization_id, slug, name, cause, ordered_by, hours),
    UPDATE (called_back_at, called_back_by, finished_at, certificate, signature) ON strongroom.deletion TO strongroom_app;

-- Writers of an organization hold this lock together; whoever cancels or places a hold takes it alone, and so waits for what is
-- under way, and what comes after sees it.
CREATE FUNCTION strongroom.hold_writers_of(home text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('strongroom.lifecycle'), hashtext(home));
END
$$;
GRANT EXECUTE ON FUNCTION strongroom.hold_writers_of TO strongroom_app;

CREATE FUNCTION strongroom.refuse_if_held(home text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM strongroom.legal_hold h JOIN strongroom.organization o ON o.id = h.organization_id
        WHERE o.schema_name = home AND h.lifted_at IS NULL)
    THEN
        RAISE EXCEPTION 'a hold is in force' USING ERRCODE = 'SR006', CONSTRAINT = 'legal_hold';
    END IF;
END
$$;

-- On an organization's entries: nothing changes after cancellation (kinds 1, 2, 4, 6), nothing is erased (kind 2) under a hold. Every
-- change needs its entry, so that refusing the entry refuses the change, whoever makes it and on whatever node. The kinds stand here
-- and not in a condition of the trigger, which the database would read anew for every entry.
CREATE FUNCTION strongroom.refuse_at_end() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.kind NOT IN (1, 2, 4, 6) THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtext('strongroom.lifecycle'), hashtext(TG_TABLE_SCHEMA));
    IF EXISTS (SELECT FROM strongroom.organization WHERE schema_name = TG_TABLE_SCHEMA AND state = 'cancelled') THEN
        RAISE EXCEPTION 'the organization is cancelled' USING ERRCODE = 'SR005', CONSTRAINT = 'cancelled';
    END IF;
    IF NEW.kind = 2 THEN
        PERFORM strongroom.refuse_if_held(TG_TABLE_SCHEMA);
    END IF;
    RETURN NEW;
END
$$;

-- On an organization's files and definitions: what goes without an erasure of its own, and what would come or change
-- beside an entry of a kind that is taken after cancellation. Files that no record names are cleared then too.
CREATE FUNCTION strongroom.refuse_loss() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM pg_advisory_xact_lock_shared(hashtext('strongroom.lifecycle'), hashtext(TG_TABLE_SCHEMA));
        PERFORM strongroom.refuse_if_held(TG_TABLE_SCHEMA);
    END IF;
    IF TG_OP <> 'DELETE' OR TG_TABLE_NAME NOT IN ('_file', '_file_chunk') THEN
        -- Without the lock, which an upload would hold for as long as it takes: a file that no record names changes nothing.
        IF EXISTS (SELECT FROM strongroom.organization WHERE schema_name = TG_TABLE_SCHEMA AND state = 'cancelled') THEN
            RAISE EXCEPTION 'the organization is cancelled' USING ERRCODE = 'SR005', CONSTRAINT = 'cancelled';
        END IF;
    END IF;
    RETURN NULL;
END
$$;

-- A month of the access log holds everybody's events: while any hold is in force none goes.
CREATE FUNCTION strongroom.refuse_trim_under_hold() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A hold that is being placed comes first, or after the month is gone and noted.
    LOCK TABLE strongroom.legal_hold IN SHARE MODE;
    IF EXISTS (SELECT FROM strongroom.legal_hold WHERE lifted_at IS NULL) THEN
        RAISE EXCEPTION 'a hold is in force' USING ERRCODE = 'SR006', CONSTRAINT = 'legal_hold';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER refuse_trim_under_hold BEFORE INSERT ON strongroom.access_log_trim
    FOR EACH STATEMENT EXECUTE FUNCTION strongroom.refuse_trim_under_hold();

-- Whether what a promise check saw names an organization, as a whole word.
CREATE FUNCTION strongroom.names(observation jsonb, slug text, organization uuid) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT observation::text ~ ('(^|[^a-z0-9-])' || slug || '([^a-z0-9-]|$)') OR position(organization::text IN observation::text) > 0
$$;

-- Removes an organization from the database, all of it in the caller's transaction: rows, files and keys in its schema, its login
-- role, and every row of the control schema that is about it, whatever tables come later. Accounts that were only its members'
-- go with everything that is theirs, unless another organization knows them. What stays is said in docs/adr/0036. Only what was
-- ordered, is due and is not under a hold; without an owner's order only what is cancelled and whose time for exports is over.
CREATE FUNCTION strongroom.destroy_organization(deletion uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
    target record;
    part record;
    store text;
    counted bigint;
    datasets bigint;
    records bigint := 0;
    counts jsonb := '{}';
    people uuid[];
    somebody uuid;
    people_gone bigint := 0;
    people_kept bigint := 0;
    is_known boolean;
BEGIN
    SELECT o.id, o.slug, o.schema_name INTO target FROM strongroom.deletion d
        JOIN strongroom.organization o ON o.id = d.organization_id
        WHERE d.id = destroy_organization.deletion AND d.called_back_at IS NULL AND d.finished_at IS NULL
            AND d.ordered_at + d.hours * interval '1 hour' <= clock_timestamp()
            AND (d.cause = 'order' OR o.state = 'cancelled' AND o.export_until <= clock_timestamp())
        FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such deletion is due' USING ERRCODE = 'SR002', CONSTRAINT = 'deletion_due';
    END IF;
    PERFORM strongroom.hold_writers_of(target.schema_name);
    PERFORM strongroom.refuse_if_held(target.schema_name);

    FOR part IN SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = to_regnamespace(target.schema_name) AND c.relkind = 'r' AND c.relname ~ '^d[0-9]+$'
    LOOP
        EXECUTE format('SELECT count(*) FROM %I.%I', target.schema_name, part.relname) INTO counted;
        records := records + counted;
    END LOOP;
    EXECUTE format('SELECT count(*) FROM %I._dataset', target.schema_name) INTO datasets;
    counts := jsonb_build_object('datasets', datasets, 'records', records);
    FOREACH store IN ARRAY ARRAY['_file', '_image', '_entry'] LOOP
        EXECUTE format('SELECT count(*) FROM %I.%I', target.schema_name, store) INTO counted;
        counts := counts || jsonb_build_object(
            CASE store WHEN '_file' THEN 'files' WHEN '_image' THEN 'versions' ELSE 'audit_entries' END, counted);
    END LOOP;

    EXECUTE format('ALTER ROLE %I NOLOGIN', target.schema_name);
    -- Whoever ends a role's connections, or takes back what was granted to it, must have the role.
    EXECUTE format('GRANT %I TO strongroom_owner', target.schema_name);
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = target.schema_name AND pid <> pg_backend_pid();
    EXECUTE format('DROP SCHEMA %I CASCADE', target.schema_name);
    EXECUTE format('DROP OWNED BY %I', target.schema_name);
    EXECUTE format('DROP ROLE %I', target.schema_name);

    SELECT coalesce(array_agg(m.account_id), '{}') INTO people FROM strongroom.membership m
        JOIN strongroom.account a ON a.id = m.account_id
        WHERE m.organization_id = target.id AND NOT a.operator AND NOT EXISTS (
            SELECT FROM strongroom.membership n WHERE n.account_id = m.account_id AND n.organization_id <> target.id);
    FOR part IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'strongroom'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND a.attname = 'organization_id' AND NOT a.attisdropped AND c.relname NOT IN ('entry', 'deletion')
        ORDER BY c.relname
    LOOP
        EXECUTE format('DELETE FROM strongroom.%I WHERE organization_id = $1', part.relname) USING target.id;
        GET DIAGNOSTICS counted = ROW_COUNT;
        counts := counts || jsonb_build_object(part.relname, counted);
    END LOOP;
    -- What promise checks saw names organizations, datasets and records where something was wrong.
    DELETE FROM strongroom.promise_observation WHERE strongroom.names(observation, target.slug, target.id);
    DELETE FROM strongroom.organization WHERE id = target.id;

    FOREACH somebody IN ARRAY people LOOP
        -- Whoever was a member of another organization, or looked after one, is in rows that are that organization's.
        is_known := EXISTS (SELECT FROM strongroom.legal_hold WHERE somebody IN (concerns, placed_by, lifted_by));
        FOR part IN SELECT c.relname FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' AND NOT a.attisdropped
            JOIN pg_attribute b ON b.attrelid = c.oid AND b.attname = 'organization_id' AND NOT b.attisdropped
            WHERE c.relnamespace = 'strongroom'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        LOOP
            EXIT WHEN is_known;
            EXECUTE format('SELECT EXISTS (SELECT FROM strongroom.%I WHERE account_id = $1 AND organization_id IS NOT NULL)',
                part.relname) INTO is_known USING somebody;
        END LOOP;
        IF is_known THEN
            people_kept := people_kept + 1;
            CONTINUE;
        END IF;
        BEGIN
            FOR part IN SELECT c.relname, a.attname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
                JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
                WHERE k.contype = 'f' AND k.confrelid = 'strongroom.account'::regclass AND a.attname = 'account_id'
            LOOP
                EXECUTE format('DELETE FROM strongroom.%I WHERE account_id = $1', part.relname) USING somebody;
            END LOOP;
            DELETE FROM strongroom.access_event WHERE account_id = somebody;
            DELETE FROM strongroom.account WHERE id = somebody;
            people_gone := people_gone + 1;
        EXCEPTION WHEN foreign_key_violation THEN
            -- Another organization's rows say what they did there: they stay, with an account that has no organization.
            people_kept := people_kept + 1;
        END;
    END LOOP;
    RETURN counts || jsonb_build_object('accounts', people_gone, 'accounts_kept', people_kept);
END
$$;
GRANT EXECUTE ON FUNCTION strongroom.destroy_organization TO strongroom_app;

-- A removed row's bytes stay in its page until the page is written anew: keys, names and addresses must not. Takes one step each
-- time it is called, so that no two tables are locked together: first what was on its way while the organization went, then one
-- of the small tables after the other that may have had rows of it. Answers what was done, and nothing when all is. The months
-- of the access log are left to go by themselves.
CREATE FUNCTION strongroom.sweep_deletion(deletion uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    target record;
    part record;
BEGIN
    SELECT d.organization_id, d.slug, d.finished_at, d.swept_through, d.swept_after INTO target FROM strongroom.deletion d
        WHERE d.id = sweep_deletion.deletion AND d.finished_at IS NOT NULL AND d.swept_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF target.swept_through IS NULL THEN
        -- The last requests, and a promise check that had read it.
        DELETE FROM strongroom.access_event WHERE organization_id = target.organization_id;
        DELETE FROM strongroom.access_event e WHERE e.at > target.finished_at - interval '1 hour' AND e.account_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM strongroom.account a WHERE a.id = e.account_id);
        DELETE FROM strongroom.promise_observation WHERE strongroom.names(observation, target.slug, target.organization_id);
        UPDATE strongroom.deletion d SET swept_through = '', swept_after = (
            SELECT array_agg(l.virtualxid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                WHERE l.locktype = 'virtualxid' AND l.granted AND a.datname = current_database() AND l.pid <> pg_backend_pid())
            WHERE d.id = sweep_deletion.deletion;
        RETURN 'rows';
    END IF;
    -- CLUSTER carries a removed row along while a transaction could still see it. The rows went in another one, which has ended.
    IF EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'virtualxid' AND l.virtualxid = ANY (target.swept_after)) THEN
        RAISE EXCEPTION 'a transaction can still see what was removed' USING ERRCODE = 'SR007', CONSTRAINT = 'still_seen';
    END IF;
    SELECT c.relname, i.relname AS key INTO part FROM pg_class c
        JOIN pg_index x ON x.indrelid = c.oid AND x.indisprimary JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
        WHERE c.relnamespace = 'strongroom'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
            AND (a.attname IN ('organization_id', 'account_id') OR c.relname IN ('organization', 'account', 'promise_observation'))
            AND c.relname NOT IN ('entry', 'deletion') AND c.relname > target.swept_through
        ORDER BY c.relname LIMIT 1;
    IF NOT FOUND THEN
        UPDATE strongroom.deletion d SET swept_at = clock_timestamp(), swept_through = NULL, swept_after = NULL
            WHERE d.id = sweep_deletion.deletion;
        RETURN NULL;
    END IF;
    EXECUTE format('CLUSTER strongroom.%I USING %I', part.relname, part.key);
    UPDATE strongroom.deletion d SET swept_through = part.relname WHERE d.id = sweep_deletion.deletion;
    RETURN part.relname;
END
$$;
GRANT EXECUTE ON FUNCTION strongroom.sweep_deletion TO strongroom_app;

-- A reference can be checked later in its transaction: an archive brings back records that refer to each other.
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
        EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %I.%I (id)
            DEFERRABLE INITIALLY IMMEDIATE',
            home, target, col || '_reference', col, home, 'd' || (definition -> 'rules' ->> 'dataset')::integer);
    ELSIF kind = 'attachment' THEN
        EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %I._file (id)',
            home, target, col || '_attachment', col, home);
    END IF;
    PERFORM strongroom.index_field(home, dataset, field, kind, definition);
    RETURN field;
END
$$;
