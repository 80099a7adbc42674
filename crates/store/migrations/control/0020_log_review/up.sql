-- A look of people at the security logs of some time, of an organization or (null) of the appliance, and who signed it. What they
-- were shown is kept with its SHA-256, which the audit entry names.
CREATE TABLE strongroom.log_review (
    id              uuid PRIMARY KEY,
    organization_id uuid REFERENCES strongroom.organization (id),
    begins_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    digest          jsonb NOT NULL,
    sha256          bytea NOT NULL CHECK (length(sha256) = 32),
    note            text NOT NULL CHECK (length(note) BETWEEN 5 AND 2000),
    signed_by       uuid NOT NULL REFERENCES strongroom.account (id),
    signed_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (begins_at < ends_at)
);
CREATE INDEX log_review_newest ON strongroom.log_review (organization_id, signed_at DESC);

-- What was signed stays as it was; an organization's goes with the organization.
CREATE FUNCTION strongroom.keep_log_review() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a signed review is not changed' USING ERRCODE = 'SR002', CONSTRAINT = 'keep_log_review';
END
$$;
CREATE TRIGGER keep_log_review BEFORE UPDATE ON strongroom.log_review
    FOR EACH ROW EXECUTE FUNCTION strongroom.keep_log_review();
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.log_review
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT ON strongroom.log_review TO strongroom_app;
