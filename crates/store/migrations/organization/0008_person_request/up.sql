-- What a person asked for about their own data (GDPR articles 15 and 17). The words to look for are not here but in a sealed file
-- of the request's id, which goes when the request is closed.
CREATE TABLE {{schema}}._person_request (
    id               uuid PRIMARY KEY,
    kind             text NOT NULL CHECK (kind IN ('access', 'erasure')),
    reference        text NOT NULL CHECK (length(reference) BETWEEN 1 AND 100),
    received_on      date NOT NULL,
    due_on           date NOT NULL,
    extended_because text CHECK (length(extended_because) BETWEEN 1 AND 500),
    asked_by         uuid NOT NULL,
    asked_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    search_record    uuid, -- where a search goes on
    search_version   bigint,
    searched_at      timestamptz, -- when the last one came to its end
    handed_over_by   uuid,
    handed_over_at   timestamptz,
    proposed_by      uuid,
    proposed_at      timestamptz,
    ground           text CHECK (length(ground) BETWEEN 1 AND 500),
    approved_by      uuid,
    approved_at      timestamptz,
    outcome          text CHECK (outcome IN ('handed-over', 'erased', 'nothing-found', 'refused')),
    note             text CHECK (length(note) BETWEEN 1 AND 500),
    closed_by        uuid,
    closed_at        timestamptz,
    -- Invariants: two people erase; a month, and two more with a reason.
    CONSTRAINT person_request_own CHECK (approved_by <> asked_by AND approved_by <> proposed_by),
    CONSTRAINT person_request_due CHECK (due_on > received_on AND due_on <= received_on
        + CASE WHEN extended_because IS NULL THEN interval '1 month' ELSE interval '3 months' END),
    CHECK ((search_record IS NULL) = (search_version IS NULL)),
    CHECK ((handed_over_by IS NULL) = (handed_over_at IS NULL)),
    CHECK ((proposed_by IS NULL) = (proposed_at IS NULL) AND (proposed_by IS NULL) = (ground IS NULL)),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK (approved_at IS NULL OR proposed_at IS NOT NULL AND kind = 'erasure'),
    CHECK ((outcome IS NULL) = (closed_at IS NULL) AND (outcome IS NULL) = (closed_by IS NULL)),
    CHECK (outcome IS DISTINCT FROM 'erased' OR approved_at IS NOT NULL),
    CHECK (outcome IS DISTINCT FROM 'handed-over' OR handed_over_at IS NOT NULL)
);
CREATE INDEX _person_request_open ON {{schema}}._person_request (due_on) WHERE closed_at IS NULL;

-- What a search found, and what somebody said of it. Ids and keys of fields, no values.
CREATE TABLE {{schema}}._person_hit (
    request_id uuid NOT NULL REFERENCES {{schema}}._person_request (id),
    object_id  uuid NOT NULL, -- a record's or a file's
    kind       text NOT NULL CHECK (kind IN ('record', 'file')),
    dataset_id integer, -- which may be gone by now
    found_in   text[] NOT NULL,
    has_words  boolean NOT NULL, -- not only a reference to what is theirs
    verdict    text CHECK (verdict IN ('theirs', 'other')),
    PRIMARY KEY (request_id, object_id),
    CHECK ((kind = 'record') = (dataset_id IS NOT NULL))
);

-- What was asked and decided stays as it was, and a closed request is over.
CREATE FUNCTION {{schema}}._keep_person_request() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL
        OR (NEW.id, NEW.kind, NEW.reference, NEW.received_on, NEW.asked_by, NEW.asked_at)
            IS DISTINCT FROM (OLD.id, OLD.kind, OLD.reference, OLD.received_on, OLD.asked_by, OLD.asked_at)
        OR OLD.extended_because IS NOT NULL AND (NEW.due_on, NEW.extended_because)
            IS DISTINCT FROM (OLD.due_on, OLD.extended_because)
        OR OLD.approved_at IS NOT NULL AND (NEW.proposed_by, NEW.proposed_at, NEW.ground, NEW.approved_by, NEW.approved_at)
            IS DISTINCT FROM (OLD.proposed_by, OLD.proposed_at, OLD.ground, OLD.approved_by, OLD.approved_at)
    THEN
        RAISE EXCEPTION 'a request of a person is not changed once it is approved or closed'
            USING ERRCODE = 'SR002', CONSTRAINT = 'keep_person_request';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_person_request BEFORE UPDATE ON {{schema}}._person_request
    FOR EACH ROW EXECUTE FUNCTION {{schema}}._keep_person_request();

-- What is proposed for erasure is what is approved: nothing joins it or leaves it in between. The lock has whoever proposes wait.
CREATE FUNCTION {{schema}}._keep_person_hit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM {{schema}}._person_request
        WHERE id = NEW.request_id AND proposed_at IS NULL AND closed_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'what was found stays as it is once an erasure is proposed or the request closed'
            USING ERRCODE = 'SR002', CONSTRAINT = 'keep_person_hit';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_person_hit BEFORE INSERT OR UPDATE ON {{schema}}._person_hit
    FOR EACH ROW EXECUTE FUNCTION {{schema}}._keep_person_hit();

CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR UPDATE OR DELETE ON {{schema}}._person_request
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {{schema}}._require_entry();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR UPDATE OR DELETE ON {{schema}}._person_hit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {{schema}}._require_entry();

GRANT SELECT, INSERT, UPDATE (due_on, extended_because, search_record, search_version, searched_at, handed_over_by, handed_over_at,
    proposed_by, proposed_at, ground, approved_by, approved_at, outcome, note, closed_by, closed_at)
    ON {{schema}}._person_request TO {{schema}};
GRANT SELECT, INSERT, UPDATE (found_in, has_words, verdict) ON {{schema}}._person_hit TO {{schema}};
