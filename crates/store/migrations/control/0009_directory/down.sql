DROP TRIGGER require_entry_for_directory ON strongroom.account;
ALTER TABLE strongroom.account DROP COLUMN barred_by_directory;
ALTER TABLE strongroom.membership DROP COLUMN source_id;
DROP TABLE strongroom.group_mapping;
DROP TABLE strongroom.directory;
