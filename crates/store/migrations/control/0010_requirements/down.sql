DROP TRIGGER require_entry_narrowing ON strongroom.api_token;
DROP TRIGGER require_entry_requirements ON strongroom.organization;
ALTER TABLE strongroom.api_token DROP COLUMN networks, DROP COLUMN narrowing;
ALTER TABLE strongroom.organization DROP COLUMN requirements;
