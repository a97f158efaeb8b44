//! Saved reports: read with care, compared, and laid side by side.

pub mod compare;
pub mod merge;
mod place;
pub mod read;
mod shape;
