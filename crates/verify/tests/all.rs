//! The program, run as auditors run it, and the Python verifier beside it.

#[cfg(test)]
#[path = "../../audit/tests/all/forged.rs"]
mod forged;
#[cfg(test)]
#[path = "all/held.rs"]
mod held;
#[cfg(test)]
#[path = "all/program.rs"]
mod program;
#[cfg(test)]
#[path = "all/python.rs"]
mod python;
#[cfg(test)]
#[path = "all/rotation.rs"]
mod rotation;
#[cfg(test)]
#[path = "../../audit/tests/all/sample.rs"]
mod sample;
