DROP TABLE strongroom.key_challenge;
DROP TRIGGER require_entry_of_key ON strongroom.factor;
DROP INDEX strongroom.factor_credential;
-- Keys stay as rows that open nothing; their holders have recovery codes.
ALTER TABLE strongroom.factor DROP CONSTRAINT factor_key, DROP COLUMN credential_hash, DROP COLUMN relying_party;
