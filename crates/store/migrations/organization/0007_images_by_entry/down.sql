DROP INDEX {{schema}}._image_entry;
DROP INDEX {{schema}}._entry_restore;
