//! Saved reports: read with care, redacted, compared, and laid side by side.

pub mod compare;
pub mod merge;
mod place;
pub mod read;
pub mod redact;
mod shape;
