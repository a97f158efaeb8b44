pub mod drive;
pub mod machine;
pub mod probes;
pub mod proto;
pub mod report;
pub mod server;
pub mod wire;
