DROP TABLE strongroom.operator_grant;
DROP FUNCTION strongroom.keep_operator_grant();
