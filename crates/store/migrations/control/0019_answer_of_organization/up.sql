-- Whose answers are kept under idempotency keys: an erasure takes those of its organization, because one may hold what was erased.
ALTER TABLE strongroom.idempotency ADD COLUMN organization_id uuid;
CREATE INDEX idempotency_organization ON strongroom.idempotency (organization_id) WHERE organization_id IS NOT NULL;
