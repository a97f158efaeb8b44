mod drive;
mod drive_dns;
#[cfg(unix)]
mod drive_process;
mod drive_tls;
