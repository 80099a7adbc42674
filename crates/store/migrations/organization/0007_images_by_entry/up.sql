-- The images of one entry in the order of the act: an export reads those of a bulk act page by page.
CREATE INDEX _image_entry ON {{schema}}._image (entry_id, ordinal);
