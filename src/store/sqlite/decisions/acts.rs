//! Actions and what stands at the vendors: changes saved together, and the books read back at the start.

mod load;
mod rows;
mod save;

pub(in crate::store::sqlite) use load::{books, journal};
pub(super) use save::add;
pub(in crate::store::sqlite) use save::{append, save, save_unless_paused};
