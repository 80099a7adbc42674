DROP TABLE strongroom.log_review;
DROP FUNCTION strongroom.keep_log_review();
