-- How far each log was sent to the collector, and taken by it (docs/adr/0046). What waits is the logs themselves, so this is all that
-- a daemon which dies leaves behind. No entry is asked for: where it is sent to is a setting, which has one.
CREATE TABLE strongroom.forwarding_position (
    stream          text PRIMARY KEY CHECK (stream IN ('audit', 'access', 'system')),
    position        text NOT NULL CHECK (length(position) <= 1000), -- an index, a number, or a cursor of the journal
    number          bigint NOT NULL DEFAULT 0 CHECK (number >= 0),  -- messages that were taken
    last            text CHECK (length(last) <= 1000),              -- which was the last of them
    acknowledged_at timestamptz                                     -- when it was taken
);

-- Who sends: one process at a time, for as long as it says so again.
CREATE TABLE strongroom.forwarding_lease (
    one           boolean PRIMARY KEY DEFAULT true CHECK (one),
    holder        uuid,
    held_until    timestamptz NOT NULL DEFAULT '-infinity',
    tried_at      timestamptz,
    failing_since timestamptz,
    failure       text CHECK (length(failure) <= 2000)
);
INSERT INTO strongroom.forwarding_lease DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE ON strongroom.forwarding_position TO strongroom_app;
GRANT SELECT, UPDATE (holder, held_until, tried_at, failing_since, failure) ON strongroom.forwarding_lease TO strongroom_app;
