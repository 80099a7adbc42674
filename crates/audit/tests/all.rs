//! Whole exports, written and verified.

#[cfg(test)]
#[path = "all/attacks.rs"]
mod attacks;
#[cfg(test)]
#[path = "all/forged.rs"]
mod forged;
#[cfg(test)]
#[path = "all/golden.rs"]
mod golden;
#[cfg(test)]
#[path = "all/hostile.rs"]
mod hostile;
#[cfg(test)]
#[path = "all/rotation.rs"]
mod rotation;
#[cfg(test)]
#[path = "all/sample.rs"]
mod sample;
#[cfg(test)]
#[path = "all/verify.rs"]
mod verify;
