-- The access log by month, so that old months go at once and without a trace in the others. What is there becomes the first
-- part as it is, without being copied.
ALTER TABLE strongroom.access_event RENAME TO access_event_before;
ALTER TABLE strongroom.access_event_before ALTER COLUMN id DROP IDENTITY;
ALTER TABLE strongroom.access_event_before DROP CONSTRAINT access_event_pkey;
DROP INDEX strongroom.access_event_account, strongroom.access_event_organization;
REVOKE ALL ON strongroom.access_event_before FROM strongroom_app;

CREATE SEQUENCE strongroom.access_event_number;
SELECT setval('strongroom.access_event_number', coalesce(max(id), 0) + 1, false) FROM strongroom.access_event_before;
GRANT USAGE ON SEQUENCE strongroom.access_event_number TO strongroom_app;

CREATE TABLE strongroom.access_event (
    id              bigint NOT NULL DEFAULT nextval('strongroom.access_event_number'),
    at              timestamptz NOT NULL,
    account_id      uuid,
    organization_id uuid,
    action          text NOT NULL, -- "sign-in", "sign-out" or method and route
    outcome         text NOT NULL, -- "done", "refused", "failed"
    status          integer,
    method          text NOT NULL, -- "password", "session", "token", "none"
    address         text NOT NULL,
    device          text NOT NULL,
    request_id      text NOT NULL
) PARTITION BY RANGE (at);
-- Newest first, of one account, of one organization, and the sign-ins of everybody.
CREATE INDEX access_event_id ON strongroom.access_event (id);
CREATE INDEX access_event_account ON strongroom.access_event (account_id, at DESC, id DESC);
CREATE INDEX access_event_organization ON strongroom.access_event (organization_id, at DESC, id DESC)
    WHERE organization_id IS NOT NULL;
CREATE INDEX access_event_door ON strongroom.access_event (account_id, at DESC, id DESC)
    WHERE action IN ('sign-in', 'sign-out', 'break-glass');
GRANT SELECT, INSERT ON strongroom.access_event TO strongroom_app;

-- For times that no month is made for: an event must never be lost because a worker stood still.
CREATE TABLE strongroom.access_event_other PARTITION OF strongroom.access_event DEFAULT;
-- Counted by itself: a log whose events go here has no month made for them.
GRANT SELECT ON strongroom.access_event_other TO strongroom_app;
DO $$
DECLARE
    next_month text := (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month')::date::text || ' 00:00:00+00';
BEGIN
    EXECUTE format('ALTER TABLE strongroom.access_event ATTACH PARTITION strongroom.access_event_before
        FOR VALUES FROM (MINVALUE) TO (%L)', next_month);
END
$$;

-- What went from the access log, and when: each row needs its entry in the audit log.
CREATE TABLE strongroom.access_log_trim (
    partition text PRIMARY KEY,
    events    bigint NOT NULL,
    oldest    timestamptz,
    newest    timestamptz,
    trimmed_at timestamptz NOT NULL
);
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.access_log_trim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT ON strongroom.access_log_trim TO strongroom_app;

-- Makes the months from this one on; answers how many were made. A month for which events came already stays where they are.
CREATE FUNCTION strongroom.prepare_access_log(months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    first timestamp;
    low text;
    high text;
    name text;
    made integer := 0;
    taken boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('strongroom.prepare_access_log'));
    FOR step IN 0 .. least(greatest(months, 0), 12) LOOP
        first := date_trunc('month', now() AT TIME ZONE 'UTC') + step * interval '1 month';
        low := first::date::text || ' 00:00:00+00';
        high := (first + interval '1 month')::date::text || ' 00:00:00+00';
        name := 'access_event_' || to_char(first, 'YYYY_MM');
        IF to_regclass('strongroom.' || name) IS NOT NULL THEN
            CONTINUE;
        END IF;
        SELECT EXISTS (SELECT FROM strongroom.access_event_other WHERE at >= low::timestamptz AND at < high::timestamptz)
            OR (SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = to_regclass('strongroom.access_event_before'))
                LIKE '%TO (''' || high || '%' INTO taken;
        IF coalesce(taken, false) THEN
            CONTINUE;
        END IF;
        EXECUTE format('CREATE TABLE strongroom.%I PARTITION OF strongroom.access_event FOR VALUES FROM (%L) TO (%L)',
            name, low, high);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Drops the months that ended more than so many months ago, at least three: whoever holds the program's login must not wipe
-- its own traces. Each is a row of access_log_trim, which needs an entry.
CREATE FUNCTION strongroom.trim_access_log(months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    keep_from timestamptz :=
        (date_trunc('month', now() AT TIME ZONE 'UTC') - greatest(months, 3) * interval '1 month') AT TIME ZONE 'UTC';
    part record;
    high timestamptz;
    dropped integer := 0;
BEGIN
    FOR part IN
        SELECT c.oid, c.relname, pg_get_expr(c.relpartbound, c.oid) AS bound
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'strongroom.access_event'::regclass ORDER BY c.relname
    LOOP
        high := substring(part.bound FROM 'TO \(''([^'']+)''\)')::timestamptz;
        IF high IS NULL OR high > keep_from THEN
            CONTINUE;
        END IF;
        EXECUTE format('INSERT INTO strongroom.access_log_trim
            SELECT %L, count(*), min(at), max(at), clock_timestamp() FROM strongroom.%I', part.relname, part.relname);
        EXECUTE format('DROP TABLE strongroom.%I', part.relname);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
GRANT EXECUTE ON FUNCTION strongroom.prepare_access_log, strongroom.trim_access_log TO strongroom_app;
SELECT strongroom.prepare_access_log(3);
