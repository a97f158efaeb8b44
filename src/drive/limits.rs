//! What the machine we run on gives us: randomness and file descriptors.

use super::CannotRun;

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
