DROP FUNCTION {{schema}}._reseal_file_name(uuid, bytea);
DROP FUNCTION {{schema}}._reseal_chunk(uuid, integer, bytea);
