//! rtcprobe's ICE agent against everybody else's, through NATs, relays, loss and cut paths.

mod caller;
mod hostile;
mod matrix;
mod meeting;
mod peers;
mod place;
mod rough;
mod strangers;
