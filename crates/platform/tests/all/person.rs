//! One person's data: found wherever it is, handed over, erased by two, and nowhere afterwards.
//! Start at [`scene`].

#[path = "person/answer.rs"]
mod answer;
#[path = "person/approval.rs"]
mod approval;
#[path = "person/erasure.rs"]
mod erasure;
#[path = "person/promise.rs"]
mod promise;
#[path = "person/scene.rs"]
mod scene;
#[path = "person/search.rs"]
mod search;

const NAME: &str = "Erika Mustermann";
const IBAN: &str = "DE89370400440532013000";
const GROUND: &str = "consent withdrawn, article 17(1)(b)";
