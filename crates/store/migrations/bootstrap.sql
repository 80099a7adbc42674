-- Run once per database by the cluster's superuser, before the first migration. Idempotent.
-- strongroom_owner owns and migrates and never logs in; strongroom_app logs in for the control schema only.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'strongroom_owner') THEN
        CREATE ROLE strongroom_owner NOLOGIN CREATEROLE;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'strongroom_app') THEN
        CREATE ROLE strongroom_app LOGIN NOINHERIT;
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO strongroom_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO strongroom_app', current_database());
END
$$;
ALTER ROLE strongroom_app SET statement_timeout = '30s';
ALTER ROLE strongroom_app SET lock_timeout = '10s';
ALTER ROLE strongroom_app SET idle_in_transaction_session_timeout = '60s';
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE strongroom_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
