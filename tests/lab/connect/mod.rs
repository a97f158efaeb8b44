//! rtcprobe's ICE agent against everybody else's, through NATs, relays, loss and cut paths.

mod meeting;
mod peers;
mod place;
mod strangers;
