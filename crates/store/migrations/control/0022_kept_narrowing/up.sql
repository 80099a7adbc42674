-- What was taken away from a member who is none any more: whoever is removed and comes back must not come back with more, by a directory
-- that loses and finds them least of all.
CREATE TABLE strongroom.kept_narrowing (
    organization_id uuid NOT NULL REFERENCES strongroom.organization (id),
    account_id      uuid NOT NULL REFERENCES strongroom.account (id),
    narrowing       jsonb NOT NULL,
    PRIMARY KEY (organization_id, account_id)
);
CREATE CONSTRAINT TRIGGER require_entry AFTER INSERT OR DELETE OR UPDATE ON strongroom.kept_narrowing
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT SELECT, INSERT, DELETE ON strongroom.kept_narrowing TO strongroom_app;
