ALTER TABLE strongroom.session DROP CONSTRAINT session_factor_check;
-- Sessions that began by a provider may still be there.
ALTER TABLE strongroom.session ADD CONSTRAINT session_factor_check
    CHECK (factor IN ('totp', 'passkey', 'recovery', 'break-glass')) NOT VALID;
