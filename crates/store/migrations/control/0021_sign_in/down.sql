ALTER TABLE strongroom.session DROP COLUMN withdrawn;
CREATE INDEX access_event_door ON strongroom.access_event (account_id, at DESC, id DESC)
    WHERE action IN ('sign-in', 'sign-out', 'break-glass');
DROP INDEX strongroom.access_event_way_in;
DROP TRIGGER require_entry_for_key ON strongroom.directory;
ALTER TABLE strongroom.directory DROP COLUMN client_key;
