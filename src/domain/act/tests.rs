//! Actions from a look to the vendor's record and back, without a vendor: every write is applied to a record here.

mod caps;
mod fixture;
mod gates;
mod holds;
mod life;
mod people;
mod settling;
