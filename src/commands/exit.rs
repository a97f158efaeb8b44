//! Exit codes, for scripts.

/// The verdict is pass, or warn without `--strict`.
pub const OK: u8 = 0;
/// The verdict is fail, or warn with `--strict`.
pub const FAILED: u8 = 1;
/// The command line, or a file that it names, is wrong; nothing was sent.
pub const USAGE: u8 = 2;
/// The probe itself could not run: no usable interface, no socket, no file to write to.
pub const CANNOT_RUN: u8 = 3;
/// Interrupted; what was found until then was printed.
pub const INTERRUPTED: u8 = 130;

/// The same for people, at the end of `--help` and in the manual.
pub const HELP: &str = "\
Exit codes:
  0    all is well, or well enough (see --strict)
  1    a server gave nothing, or another check failed
  2    the command line or a file that it names is wrong; nothing was sent
  3    the probe itself could not run: no usable interface, no socket
  130  interrupted; what was found until then is printed";
