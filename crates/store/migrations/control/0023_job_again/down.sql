ALTER TABLE strongroom.job DROP COLUMN failures, DROP COLUMN not_before;
