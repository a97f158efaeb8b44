//! The languages of the web: asking servers over HTTP, and serving one page to one browser. Carries text, and knows
//! nothing of what is said.

mod client;
mod doors;
mod open;
mod page;

pub use client::Client;
pub use open::show;
pub use page::{Page, Site, Visit};
