-- Roles of the whole cluster. Run by its superuser before the first migration. Idempotent.
-- strongroom_owner owns and migrates and never logs in; strongroom_app logs in for the control schema only.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'strongroom_owner') THEN
        CREATE ROLE strongroom_owner NOLOGIN CREATEROLE;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'strongroom_app') THEN
        CREATE ROLE strongroom_app LOGIN NOINHERIT;
    END IF;
END
$$;
ALTER ROLE strongroom_app SET statement_timeout = '30s';
ALTER ROLE strongroom_app SET lock_timeout = '10s';
ALTER ROLE strongroom_app SET idle_in_transaction_session_timeout = '60s';
-- diesel keeps the message of a time-out but not its SQLSTATE, so the message must not be translated.
ALTER ROLE strongroom_app SET lc_messages = 'C';
