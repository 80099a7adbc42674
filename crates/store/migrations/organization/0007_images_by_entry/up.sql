-- Restores are few among the entries: the newest is found without walking all of them.
CREATE INDEX _entry_restore ON {{schema}}._entry (sequence) WHERE kind = 4;
-- The images of one entry in the order of the act: an export reads those of a bulk act page by page.
CREATE INDEX _image_entry ON {{schema}}._image (entry_id, ordinal);
