-- Each of these looks one entry up by its id or transaction. A plan that a connection made and kept while _entry had a page
-- of rows would read all of it for every record that is written, until the next ANALYZE.
ALTER FUNCTION {{schema}}._claim_images() SET enable_seqscan = off;
ALTER FUNCTION {{schema}}._settle_claim() SET enable_seqscan = off;
ALTER FUNCTION {{schema}}._require_entry() SET enable_seqscan = off;
