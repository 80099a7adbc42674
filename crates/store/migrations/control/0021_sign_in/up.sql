-- The key of the certificate that a directory is shown, sealed to the directory. A change of it needs its entry, as one of the
-- password does.
ALTER TABLE strongroom.directory ADD COLUMN client_key bytea;
GRANT UPDATE (client_key) ON strongroom.directory TO strongroom_app;
CREATE CONSTRAINT TRIGGER require_entry_for_key AFTER UPDATE OF client_key ON strongroom.directory
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strongroom.require_entry();

-- Every way in, not only those by password alone: an organization's log shows its members' codes, keys and providers too. The
-- queries of the version before are served by it as well: what they ask for is part of this.
CREATE INDEX access_event_way_in ON strongroom.access_event (account_id, at DESC, id DESC)
    WHERE action IN ('sign-in', 'sign-in-begun', 'sign-in-code', 'sign-in-key', 'openid', 'sign-out', 'break-glass');
DROP INDEX strongroom.access_event_door;

-- Ended by anything but its own sign-out or its time: jobs that it put up end too.
ALTER TABLE strongroom.session ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
