//! What the fuzzers of `fuzz/` reach of the private parts; compiled for them alone.
//!
//! Behind each name is a module beside what it opens, so that nothing is more visible for being fuzzed.

pub use crate::providers::decodo::fuzzing as decodo;
pub use crate::providers::fuzzing as writes;
pub use crate::providers::http::fuzzing as http;
pub use crate::providers::oxylabs::fuzzing as oxylabs;
