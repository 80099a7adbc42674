DROP TABLE strongroom.break_glass;
