//! The languages of the web: asking servers over HTTP, and serving one page to one browser. Carries text, and knows
//! nothing of what is said.

use std::time::Duration;

mod client;
mod doors;
mod open;
mod page;

pub use client::Client;
pub use open::show;
pub use page::{Page, Site, Visit};

/// What comes of something, if it comes in time.
pub async fn within<F: Future>(limit: Duration, what: F) -> Option<F::Output> {
    tokio::time::timeout(limit, what).await.ok()
}
