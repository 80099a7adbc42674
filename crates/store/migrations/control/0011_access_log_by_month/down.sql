DROP FUNCTION strongroom.trim_access_log, strongroom.prepare_access_log;
DROP TABLE strongroom.access_log_trim;
CREATE TABLE strongroom.access_event_whole (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    at              timestamptz NOT NULL,
    account_id      uuid,
    organization_id uuid,
    action          text NOT NULL,
    outcome         text NOT NULL,
    status          integer,
    method          text NOT NULL,
    address         text NOT NULL,
    device          text NOT NULL,
    request_id      text NOT NULL
);
INSERT INTO strongroom.access_event_whole OVERRIDING SYSTEM VALUE
    SELECT id, at, account_id, organization_id, action, outcome, status, method, address, device, request_id
    FROM strongroom.access_event ORDER BY id;
DROP TABLE strongroom.access_event;
DROP SEQUENCE strongroom.access_event_number;
ALTER TABLE strongroom.access_event_whole RENAME TO access_event;
ALTER SEQUENCE strongroom.access_event_whole_id_seq RENAME TO access_event_id_seq;
SELECT setval('strongroom.access_event_id_seq', coalesce(max(id), 0) + 1, false) FROM strongroom.access_event;
ALTER TABLE strongroom.access_event ADD CONSTRAINT access_event_pkey PRIMARY KEY (id);
CREATE INDEX access_event_account ON strongroom.access_event (account_id, id DESC);
CREATE INDEX access_event_organization ON strongroom.access_event (organization_id, id DESC);
GRANT SELECT, INSERT ON strongroom.access_event TO strongroom_app;
