//! The store: one contract that every engine keeps, and what belongs to one engine alone.

mod contract;
mod sqlite;
