DROP TRIGGER require_entry_of_proof ON strongroom.session;
ALTER TABLE strongroom.session DROP COLUMN factor, DROP COLUMN elevated_until;
DROP TABLE strongroom.password_history, strongroom.sign_in_policy, strongroom.factor_guard, strongroom.pending_sign_in, strongroom.recovery_code, strongroom.factor;
