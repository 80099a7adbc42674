-- Nothing of the organization changes while the appliance is in maintenance.
CREATE TRIGGER refuse_in_maintenance BEFORE INSERT ON {{schema}}._entry
    FOR EACH ROW EXECUTE FUNCTION strongroom.refuse_in_maintenance();
