//! What is done at the vendor, decided: which limits are lowered, whether that may be, and when it is put back.
//!
//! Nothing is done here. A hold is a ceiling that one budget keeps on one sub-user; an action puts one there, moves it or
//! takes it away. The vendor gets the lowest of the holds and of the person's own value.

pub mod action;
pub mod ask;
pub mod books;
pub mod caps;
pub mod carry;
pub mod gate;
pub mod hold;
pub mod pick;
pub mod record;
pub mod settle;
pub mod step;
pub mod words;

mod person;
mod propose;
mod release;
mod scene;

#[cfg(test)]
mod tests;
