pub mod drive;
pub mod machine;
pub mod report;
pub mod wire;
