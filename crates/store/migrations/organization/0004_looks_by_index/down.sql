ALTER FUNCTION {{schema}}._require_entry() RESET enable_seqscan;
ALTER FUNCTION {{schema}}._settle_claim() RESET enable_seqscan;
ALTER FUNCTION {{schema}}._claim_images() RESET enable_seqscan;
