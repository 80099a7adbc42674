DROP TRIGGER refuse_in_maintenance ON {{schema}}._entry;
