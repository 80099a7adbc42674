DROP TRIGGER refuse_in_maintenance ON strongroom.entry;
DROP FUNCTION strongroom.refuse_in_maintenance();
