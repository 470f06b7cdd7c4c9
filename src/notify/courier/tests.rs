//! The courier against an outbox in memory and servers that answer by a table, in time that stands still.

mod answers;
mod kills;
mod lanes;
mod life;
mod outbox;
mod saving;
mod server;
mod world;
