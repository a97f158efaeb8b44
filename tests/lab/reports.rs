//! What is done with reports of real runs: compared, redacted, and read where a server means harm.

mod diff;
mod recorded;
mod redaction;
