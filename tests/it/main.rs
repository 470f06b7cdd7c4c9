//! All integration tests, in one binary.

mod exposition;
mod web;
