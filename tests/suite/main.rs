mod drive;
mod drive_dns;
mod drive_tls;
