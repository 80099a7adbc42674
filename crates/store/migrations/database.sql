-- Hands the database over to strongroom_owner and closes it to everyone else. Idempotent. A copy made with
-- CREATE DATABASE ... TEMPLATE needs it again: it inherits neither owner nor rights of the database.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I OWNER TO strongroom_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO strongroom_app', current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE strongroom_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
