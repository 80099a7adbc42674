DROP TABLE strongroom.invitation;
