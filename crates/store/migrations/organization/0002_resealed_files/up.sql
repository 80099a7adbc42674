-- Sealing stored files anew after a key rotation. The organization's login may add and remove files, never change one:
-- these two functions put sealed bytes in the place of bytes under an older key version, and only within a transaction
-- that has an entry of key rotation (kind 5). Bytes 2 to 5 of what is sealed are the version, most significant first, so
-- that they compare as numbers do.
CREATE FUNCTION {{schema}}._reseal_chunk(file uuid, place integer, resealed bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._entry WHERE transaction_id = pg_current_xact_id() AND kind = 5) THEN
        RAISE EXCEPTION 'a chunk sealed anew without its audit entry' USING ERRCODE = 'SR001';
    END IF;
    UPDATE {{schema}}._file_chunk SET sealed = resealed
    WHERE file_id = file AND number = place AND substr(sealed, 2, 4) < substr(resealed, 2, 4);
    RETURN FOUND;
END
$$;

CREATE FUNCTION {{schema}}._reseal_file_name(file uuid, resealed bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {{schema}}._entry WHERE transaction_id = pg_current_xact_id() AND kind = 5) THEN
        RAISE EXCEPTION 'a name sealed anew without its audit entry' USING ERRCODE = 'SR001';
    END IF;
    UPDATE {{schema}}._file SET name = resealed WHERE id = file AND substr(name, 2, 4) < substr(resealed, 2, 4);
    RETURN FOUND;
END
$$;

GRANT EXECUTE ON FUNCTION {{schema}}._reseal_chunk, {{schema}}._reseal_file_name TO {{schema}};
