-- The log itself: leaves of commitments in one dense order, out of the outbox (docs/adr/0040). The bytes are those of
-- `audit::Leaf`: kind at 9, tag and sequence at 13, previous at 37, time at 69, commitments at 77, key id at 173, counted from 1.
CREATE TABLE strongroom.audit_leaf (
    index bigint PRIMARY KEY CHECK (index >= 0),
    leaf  bytea NOT NULL CHECK (length(leaf) = 188)
);
-- An entry's leaf is found by the commitment to its header; a heartbeat (kind 3) has none. Not unique: whoever speaks SQL as an
-- organization could enter one commitment twice, and must not stop the log of all others by it.
CREATE INDEX audit_leaf_entry ON strongroom.audit_leaf (substr(leaf, 77, 32)) WHERE get_byte(leaf, 8) <> 3;
-- One leaf for one place in a home's own order.
CREATE UNIQUE INDEX audit_leaf_place ON strongroom.audit_leaf (substr(leaf, 13, 24));

CREATE FUNCTION strongroom.keep_audit_leaf() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a leaf is never changed or removed' USING ERRCODE = 'SR002', CONSTRAINT = 'keep_audit_leaf';
END
$$;
CREATE TRIGGER keep_audit_leaf BEFORE UPDATE OR DELETE ON strongroom.audit_leaf
    FOR EACH ROW EXECUTE FUNCTION strongroom.keep_audit_leaf();
CREATE TRIGGER keep_audit_leaves BEFORE TRUNCATE ON strongroom.audit_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION strongroom.keep_audit_leaf();

-- What could never become a leaf is refused when it is entered. Heartbeats are the sequencer's own.
ALTER TABLE strongroom.audit_pending ADD CONSTRAINT audit_pending_leaf CHECK (kind BETWEEN 1 AND 8 AND kind <> 3
    AND length(c_header) = 32 AND length(c_before) = 32 AND length(c_after) = 32);

-- What an appliance did to itself, such as an exchange of the log's key, is found among all that people did.
CREATE INDEX entry_of_appliance ON strongroom.entry (kind, sequence DESC) WHERE organization_id IS NULL;

-- Whose leaves have which tag, and how far each home's own order has come. No column `organization_id`: after a deletion the tag
-- is still needed for what waits in the outbox, and goes with the last of it.
CREATE TABLE strongroom.audit_home (
    schema_name text PRIMARY KEY,
    tag         bytea NOT NULL UNIQUE CHECK (length(tag) = 16),
    sequence    bigint NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    previous    bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(previous) = 32)
);
INSERT INTO strongroom.audit_home (schema_name, tag) VALUES ('strongroom', decode(repeat('00', 16), 'hex'));
INSERT INTO strongroom.audit_home (schema_name, tag) SELECT schema_name, audit_tag FROM strongroom.organization;

CREATE FUNCTION strongroom.open_audit_home() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.audit_home (schema_name, tag) VALUES (NEW.schema_name, NEW.audit_tag);
    RETURN NULL;
END
$$;
CREATE TRIGGER open_audit_home AFTER INSERT ON strongroom.organization
    FOR EACH ROW EXECUTE FUNCTION strongroom.open_audit_home();

-- Who appends leaves: the session that holds the lock, under the newest epoch.
CREATE TABLE strongroom.audit_lease (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch    bigint NOT NULL DEFAULT 0,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO strongroom.audit_lease DEFAULT VALUES;

-- The new epoch, or null when another session of the same login leads. Whoever speaks SQL here can take any advisory lock, an
-- organization's login as well, so the lead's is one that bears its own session's number, and counts only in the hands of that
-- session and of that login. It goes with the session; the row keeps two from taking the lead at once; the epoch fences.
CREATE FUNCTION strongroom.take_audit_lease() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    taken bigint;
BEGIN
    PERFORM FROM strongroom.audit_lease FOR UPDATE;
    IF EXISTS (
        SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.pid <> pg_backend_pid()
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND l.classid::bigint = hashtext('strongroom.audit_lease')::bigint & 4294967295
            AND l.objid::bigint = l.pid AND a.usename = session_user
    ) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_try_advisory_lock_shared(hashtext('strongroom.audit_lease'), pg_backend_pid());
    UPDATE strongroom.audit_lease SET epoch = epoch + 1, taken_at = clock_timestamp() RETURNING epoch INTO taken;
    RETURN taken;
END
$$;

-- In milliseconds since 1970.
CREATE FUNCTION strongroom.time_of_leaf(leaf bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ('x' || encode(substr(leaf, 69, 8), 'hex'))::bit(64)::bigint
$$;

-- Writes leaves that were looked at, and how far each home's own order has come by them. Nobody calls it but the two below.
CREATE FUNCTION strongroom.write_leaves(first bigint, leaves bytea[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.audit_leaf (index, leaf)
    SELECT first + l.number - 1, l.leaf FROM unnest(leaves) WITH ORDINALITY AS l (leaf, number);
    UPDATE strongroom.audit_home h SET sequence = newest.sequence, previous = sha256('\x00'::bytea || newest.leaf)
    FROM (
        SELECT DISTINCT ON (substr(l.leaf, 13, 16)) substr(l.leaf, 13, 16) AS tag, l.leaf,
            ('x' || encode(substr(l.leaf, 29, 8), 'hex'))::bit(64)::bigint AS sequence
        FROM unnest(leaves) WITH ORDINALITY AS l (leaf, number) ORDER BY substr(l.leaf, 13, 16), l.number DESC
    ) newest WHERE newest.tag = h.tag;
END
$$;

-- Appends leaves and takes what they stand for out of the outbox. The caller makes the bytes; here they are held against the
-- outbox, so that no caller can log what was never entered, leave a place out, log anything twice, or far ahead of time. A null in `waiting` is a
-- heartbeat of the appliance.
CREATE FUNCTION strongroom.append_leaves(lease bigint, first bigint, waiting bigint[], leaves bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    size bigint;
    wrong bigint;
BEGIN
    PERFORM FROM strongroom.audit_lease WHERE epoch = lease FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another session leads the audit log' USING ERRCODE = 'SR002', CONSTRAINT = 'audit_lease';
    END IF;
    IF cardinality(waiting) <> cardinality(leaves) OR cardinality(leaves) NOT BETWEEN 1 AND 5001 THEN
        RAISE EXCEPTION 'not one leaf for each, or too many' USING ERRCODE = 'SR002', CONSTRAINT = 'append_leaves';
    END IF;
    IF (SELECT count(id) <> count(DISTINCT id) FROM unnest(waiting) AS w (id)) THEN
        RAISE EXCEPTION 'an entry is named twice' USING ERRCODE = 'SR002', CONSTRAINT = 'append_leaves';
    END IF;
    SELECT coalesce(max(index) + 1, 0) INTO size FROM strongroom.audit_leaf;
    IF first <> size THEN
        RAISE EXCEPTION 'the log has % leaves', size USING ERRCODE = 'SR002', CONSTRAINT = 'append_leaves';
    END IF;
    WITH offered AS (
        SELECT l.number, l.leaf, h.schema_name, h.tag, p.kind,
            CASE WHEN l.id IS NULL THEN decode(repeat('00', 96), 'hex') ELSE p.c_header || p.c_before || p.c_after END AS content,
            h.sequence + row_number() OVER home AS sequence,
            coalesce(lag(sha256('\x00'::bytea || l.leaf)) OVER home, h.previous) AS previous
        FROM unnest(waiting, leaves) WITH ORDINALITY AS l (id, leaf, number)
        LEFT JOIN strongroom.audit_pending p ON p.sequence = l.id
        LEFT JOIN strongroom.audit_home h ON h.schema_name = CASE WHEN l.id IS NULL THEN 'strongroom' ELSE p.schema_name END
        WINDOW home AS (PARTITION BY h.schema_name ORDER BY l.number)
    )
    SELECT min(number) INTO wrong FROM offered WHERE (
        substr(leaf, 1, 12) = convert_to('SRLEAF01', 'UTF8') || set_byte('\x00000000', 0, coalesce(kind, 3))
        AND substr(leaf, 13, 24) = tag || int8send(sequence)
        AND substr(leaf, 37, 32) = previous AND substr(leaf, 77, 96) = content
    ) IS NOT TRUE;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'leaf % is not what waits', first + wrong - 1 USING ERRCODE = 'SR002', CONSTRAINT = 'append_leaves';
    END IF;
    -- A clock far ahead, for which the log would stand still until that time: as late as the newest leaf is allowed.
    IF EXISTS (SELECT FROM unnest(leaves) AS l (leaf) WHERE strongroom.time_of_leaf(l.leaf) > greatest(
        floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + 3600000,
        (SELECT strongroom.time_of_leaf(a.leaf) FROM strongroom.audit_leaf a WHERE a.index = size - 1)))
    THEN
        RAISE EXCEPTION 'a leaf is of a time to come' USING ERRCODE = 'SR002', CONSTRAINT = 'append_leaves';
    END IF;
    PERFORM strongroom.write_leaves(first, leaves);
    DELETE FROM strongroom.audit_pending WHERE sequence = ANY (waiting);
END
$$;

-- Brings leaves back that were signed and that a restore of the database lost: what still waits for one of them waits no more. For
-- the cluster's superuser at the host alone; whoever calls it has compared them with what was signed.
CREATE FUNCTION strongroom.return_leaves(first bigint, leaves bytea[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    size bigint;
    met bigint;
BEGIN
    PERFORM FROM strongroom.audit_lease FOR UPDATE;
    SELECT coalesce(max(index) + 1, 0) INTO size FROM strongroom.audit_leaf;
    IF first <> size OR cardinality(leaves) NOT BETWEEN 1 AND 5000 THEN
        RAISE EXCEPTION 'the log has % leaves', size USING ERRCODE = 'SR002', CONSTRAINT = 'return_leaves';
    END IF;
    PERFORM strongroom.write_leaves(first, leaves);
    DELETE FROM strongroom.audit_pending p USING unnest(leaves) AS l (leaf)
        WHERE get_byte(l.leaf, 8) <> 3 AND substr(l.leaf, 77, 32) = p.c_header;
    GET DIAGNOSTICS met = ROW_COUNT;
    RETURN met;
END
$$;

-- Forgets the tags of organizations that are gone and of which nothing waits: from then on nobody can tell whose leaves they were.
CREATE FUNCTION strongroom.forget_audit_homes() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM strongroom.audit_home h WHERE h.schema_name <> 'strongroom'
        AND NOT EXISTS (SELECT FROM strongroom.organization o WHERE o.schema_name = h.schema_name)
        AND NOT EXISTS (SELECT FROM strongroom.audit_pending p WHERE p.schema_name = h.schema_name);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;

-- Writes the table anew, because a removed row's bytes stay in its page. In a transaction after the one that removed it: CLUSTER
-- carries along what could still be seen.
CREATE FUNCTION strongroom.rewrite_audit_homes() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    CLUSTER strongroom.audit_home USING audit_home_pkey;
END
$$;

GRANT SELECT ON strongroom.audit_leaf, strongroom.audit_home TO strongroom_app;
GRANT EXECUTE ON FUNCTION strongroom.take_audit_lease, strongroom.append_leaves, strongroom.forget_audit_homes,
    strongroom.rewrite_audit_homes TO strongroom_app;
