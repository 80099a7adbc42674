DROP TABLE {{schema}}._person_hit;
DROP TABLE {{schema}}._person_request;
DROP FUNCTION {{schema}}._keep_person_hit();
DROP FUNCTION {{schema}}._keep_person_request();
