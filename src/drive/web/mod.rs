//! The languages of the web: asking servers over HTTP, and serving one page to one browser. Carries text, and knows
//! nothing of what is said.

mod client;
mod doors;
mod page;

pub use client::Client;
pub use page::{Page, Site, Visit};
