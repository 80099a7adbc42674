ALTER TABLE strongroom.idempotency DROP COLUMN organization_id;
