-- What an organization requires of whoever comes in (bounds of sessions), beside its policies: a program of before does not
-- read it. And what a token is narrowed to besides permissions.
ALTER TABLE strongroom.organization ADD COLUMN requirements jsonb NOT NULL DEFAULT '{}';
ALTER TABLE strongroom.api_token ADD COLUMN narrowing jsonb NOT NULL DEFAULT '{}';
ALTER TABLE strongroom.api_token ADD COLUMN networks text[] NOT NULL DEFAULT '{}';

CREATE CONSTRAINT TRIGGER require_entry_requirements AFTER UPDATE OF requirements ON strongroom.organization
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
CREATE CONSTRAINT TRIGGER require_entry_narrowing AFTER UPDATE OF narrowing, networks ON strongroom.api_token
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();
GRANT UPDATE (requirements) ON strongroom.organization TO strongroom_app;
