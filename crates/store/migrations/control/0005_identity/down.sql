DROP TABLE strongroom.openid_answer;
DROP TABLE strongroom.openid_provider;
DROP TABLE strongroom.identity_request;
DROP TABLE strongroom.identity;
