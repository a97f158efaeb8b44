//! What the machine we run on gives us: randomness and file descriptors.

use std::net::UdpSocket;

use super::CannotRun;

/// Descriptors without which nothing can be run: those of the runtime and of its signals, a few
/// sockets, and a file or two.
pub const LEAST_DESCRIPTORS: usize = 16;

/// An unpredictable seed for everything that is drawn in a run.
pub fn seed() -> Result<[u8; 32], CannotRun> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|why| CannotRun::Other(format!("the system gives no random numbers: {why}")))?;
    Ok(seed)
}

/// Allows as many open sockets as the system lets us have. Without, the usual limit of 1024 (256 on
/// macOS) stays.
pub fn raise_file_limit() {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
            && soft < hard
        {
            let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
        }
    }
}

/// How many descriptors this process may have open: the soft limit, raised first where the system
/// allows it.
#[must_use]
pub fn file_limit() -> u64 {
    raise_file_limit();
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit};
        getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft)
    }
    #[cfg(not(unix))]
    {
        // Sockets are no files there, and nobody counts them.
        u64::from(u16::MAX)
    }
}

/// Whether so many descriptors can be had to begin with. The runtime does not say so when it lacks
/// one for its signals: it panics.
pub fn enough_descriptors(wanted: usize) -> Result<(), CannotRun> {
    let mut held = Vec::with_capacity(wanted);
    while held.len() < wanted {
        match UdpSocket::bind("127.0.0.1:0").or_else(|_| UdpSocket::bind("[::1]:0")) {
            Ok(socket) => held.push(socket),
            Err(why) if super::refusals::is_exhaustion(&why) => {
                return Err(CannotRun::Other(
                    "this process may not open enough files and sockets; allow more with `ulimit -n 1024` and run it again"
                        .to_owned(),
                ));
            }
            // Something else is wrong, which whoever wants that socket will say better.
            Err(_) => break,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_how_much_may_be_open() {
        assert!(file_limit() >= 3);
        assert!(enough_descriptors(3).is_ok());
    }
}
