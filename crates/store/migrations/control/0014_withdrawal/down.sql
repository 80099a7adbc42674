DROP TRIGGER note_withdrawal ON strongroom.membership;
DROP TRIGGER note_withdrawal ON strongroom.account;
DROP FUNCTION strongroom.note_withdrawal();
ALTER TABLE strongroom.membership DROP COLUMN withdrawn_at;
ALTER TABLE strongroom.account DROP COLUMN withdrawn_at;
