#![doc = include_str!("../README.md")]

mod catalogue;
mod interval;
mod judge;
mod observation;
mod register;
mod waiver;

pub use catalogue::{Kind, Maker, Promise, PromiseId, UnknownPromise, catalogue, find};
pub use interval::{Interval, interval_for};
pub use judge::{State, Verdict, judge};
pub use observation::{Fact, Fault, Observation, Outcome};
pub use register::{RegisterLine, Tally};
pub use waiver::{InvalidWaiver, Waiver};
