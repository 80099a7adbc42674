DROP INDEX {{schema}}._image_entry;
