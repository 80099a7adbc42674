-- A session may have passed the second step at its provider, where the operator lets that count.
ALTER TABLE strongroom.session DROP CONSTRAINT session_factor_check;
ALTER TABLE strongroom.session ADD CONSTRAINT session_factor_check
    CHECK (factor IN ('totp', 'passkey', 'recovery', 'break-glass', 'provider'));
