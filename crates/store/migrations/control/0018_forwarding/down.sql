DROP TABLE strongroom.forwarding_lease;
DROP TABLE strongroom.forwarding_position;
