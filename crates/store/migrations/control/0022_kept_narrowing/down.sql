DROP TABLE strongroom.kept_narrowing;
