-- Time-limited access of an operator to one organization, asked for with a purpose and approved by its administrators.
CREATE TABLE strongroom.operator_grant (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES strongroom.organization (id),
    account_id      uuid NOT NULL REFERENCES strongroom.account (id),
    extent          text NOT NULL CHECK (extent IN ('read', 'repair')),
    purpose         text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 500),
    hours           integer NOT NULL CHECK (hours BETWEEN 1 AND 24),
    asked_at        timestamptz NOT NULL,
    decision        text CHECK (decision IN ('approved', 'refused')),
    decided_at      timestamptz,
    decided_by      uuid REFERENCES strongroom.account (id),
    expires_at      timestamptz,
    ended_at        timestamptz,
    ended_by        uuid REFERENCES strongroom.account (id),
    -- Invariants: nobody approves their own; at most 24 hours, and no longer than was asked for.
    CONSTRAINT operator_grant_own CHECK (decided_by <> account_id),
    CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL)),
    CHECK ((decision IS NOT DISTINCT FROM 'approved') = (expires_at IS NOT NULL)),
    CHECK (expires_at <= decided_at + hours * interval '1 hour')
);
CREATE INDEX operator_grant_organization ON strongroom.operator_grant (organization_id, asked_at DESC);
CREATE INDEX operator_grant_account ON strongroom.operator_grant (account_id, asked_at DESC);

-- What was asked for and decided stays as it was; a grant only ever ends.
CREATE FUNCTION strongroom.keep_operator_grant() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.id, NEW.organization_id, NEW.account_id, NEW.extent, NEW.purpose, NEW.hours, NEW.asked_at)
            IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.account_id, OLD.extent, OLD.purpose, OLD.hours, OLD.asked_at)
        OR OLD.decision IS NOT NULL AND (NEW.decision, NEW.decided_at, NEW.decided_by, NEW.expires_at)
            IS DISTINCT FROM (OLD.decision, OLD.decided_at, OLD.decided_by, OLD.expires_at)
        OR OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ended_by) IS DISTINCT FROM (OLD.ended_at, OLD.ended_by)
    THEN
        RAISE EXCEPTION 'an operator grant is not changed once it is decided or ended'
            USING ERRCODE = 'SR002', CONSTRAINT = 'keep_operator_grant';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_operator_grant BEFORE UPDATE ON strongroom.operator_grant
    FOR EACH ROW EXECUTE FUNCTION strongroom.keep_operator_grant();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.operator_grant
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT, UPDATE (decision, decided_at, decided_by, expires_at, ended_at, ended_by)
    ON strongroom.operator_grant TO strongroom_app;
