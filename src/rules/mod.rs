//! What the facts mean: one file per diagnosis.
//!
//! A rule reads a report and measures nothing. Its evidence points at facts of that report, and it
//! claims no more than they carry: what is only suspected is said so, with what would confirm it.
//!
//! A file lies in the folder of its area and is named like its code. Where two rules fire for one
//! cause, the one that knows more names the other in `over`, and the other is silent for that server.

mod address;
mod allocate;
mod audit;
mod auth;
mod beyond;
mod certificate;
mod clock;
mod config;
mod connect;
mod contact;
mod diagnosis;
pub mod expectation;
mod expiry;
pub mod forecast;
mod gathered;
mod judge;
mod nat;
mod nearest;
mod reach;
mod relay;
pub mod requirements;
mod rule;
mod security;
mod slice;
mod tls;
mod url;

pub use beyond::{BEYOND, Beyond};
pub use diagnosis::Diagnosis;
pub use judge::judge;
pub use nearest::nearest;
pub use rule::Rule;
pub use slice::RULES;

use address::{is_private, wrong_source};
use contact::{Contact, Trouble, contacts, each, same_place, user_name};
use rule::rule;
