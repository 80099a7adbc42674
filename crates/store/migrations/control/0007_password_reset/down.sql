DROP TABLE strongroom.password_reset;
