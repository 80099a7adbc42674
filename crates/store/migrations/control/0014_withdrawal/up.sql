-- When somebody was disabled, by the database's own clock: what the promise of the five seconds is measured against. Null for
-- whoever is active, and for those disabled before this was noted.
ALTER TABLE strongroom.account ADD COLUMN withdrawn_at timestamptz;
ALTER TABLE strongroom.membership ADD COLUMN withdrawn_at timestamptz;

-- Invariant: nothing but the change of the state itself sets the time.
CREATE FUNCTION strongroom.note_withdrawal() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was boolean := OLD.state <> 'active';
    is_now boolean := NEW.state <> 'active';
BEGIN
    IF TG_TABLE_NAME = 'account' THEN
        was := was OR OLD.barred_by_directory;
        is_now := is_now OR NEW.barred_by_directory;
    END IF;
    NEW.withdrawn_at := CASE WHEN is_now = was THEN OLD.withdrawn_at WHEN is_now THEN clock_timestamp() END;
    RETURN NEW;
END
$$;
CREATE TRIGGER note_withdrawal BEFORE UPDATE ON strongroom.account
    FOR EACH ROW EXECUTE FUNCTION strongroom.note_withdrawal();
CREATE TRIGGER note_withdrawal BEFORE UPDATE ON strongroom.membership
    FOR EACH ROW EXECUTE FUNCTION strongroom.note_withdrawal();
