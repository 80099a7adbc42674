DROP TRIGGER note_field ON {{schema}}._field;
DROP FUNCTION {{schema}}._note_field();
DROP TABLE {{schema}}._field_time;
