DROP FUNCTION strongroom.sweep_deletion, strongroom.destroy_organization, strongroom.names;
DROP TRIGGER refuse_trim_under_hold ON strongroom.access_log_trim;
DROP FUNCTION strongroom.refuse_trim_under_hold, strongroom.refuse_loss, strongroom.refuse_at_end,
    strongroom.refuse_if_held, strongroom.hold_writers_of;
DROP TABLE strongroom.deletion, strongroom.legal_hold;
DROP FUNCTION strongroom.keep_deletion, strongroom.keep_legal_hold;
DROP TRIGGER require_entry_cancelled ON strongroom.organization;
ALTER TABLE strongroom.organization DROP CONSTRAINT organization_cancelled,
    DROP COLUMN cancelled_at, DROP COLUMN export_until;
