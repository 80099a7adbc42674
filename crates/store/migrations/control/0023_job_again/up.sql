-- A job that failed for a reason that passes waits before it is tried again; such failures are counted apart from claims whose worker died.
ALTER TABLE strongroom.job
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN not_before timestamptz;
