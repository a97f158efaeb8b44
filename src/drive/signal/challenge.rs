//! Two sides prove to one another that they know a token, without saying it, and agree on keys for what follows.
//!
//! The side that listens says `rtcprobe-signalling 1 NONCE`; the one that dials answers with a nonce and its proof,
//! an HMAC-SHA-256 with the token over both; then the other proves itself likewise, or says `no`. Proofs and keys
//! differ by side, so that none can be sent back.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What the side that listens begins with.
pub const GREETING: &str = "rtcprobe-signalling 1 ";
/// What it says to who does not know the token.
pub const NO: &str = "no";

const NONCE: usize = 16;
/// Bytes of the code before each line.
const CODE: usize = 16;

/// The two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Listens,
    Dials,
}

impl Side {
    fn word(self) -> &'static [u8] {
        match self {
            Side::Listens => b"listens",
            Side::Dials => b"dials",
        }
    }
}

/// What both sides know.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    pub fn new(text: &str) -> Token {
        Token(text.to_owned())
    }
}

/// One exchange: the token and both nonces.
pub struct Exchange {
    token: Token,
    listens: [u8; NONCE],
    dials: [u8; NONCE],
}

impl Exchange {
    pub fn new(token: &Token, listens: &str, dials: &str) -> Option<Exchange> {
        let nonce = |text: &str| unhex(text)?.try_into().ok();
        Some(Exchange { token: token.clone(), listens: nonce(listens)?, dials: nonce(dials)? })
    }

    /// What a side proves itself with.
    pub fn proof(&self, side: Side) -> String {
        hex(&self.mac(b"proof", side).finalize().into_bytes())
    }

    /// Whether a proof is the one of that side. Takes as long for any.
    pub fn is_proof(&self, side: Side, proof: &str) -> bool {
        unhex(proof).is_some_and(|proof| self.mac(b"proof", side).verify_slice(&proof).is_ok())
    }

    /// The key with which that side signs its lines.
    pub fn key(&self, side: Side) -> Signer {
        Signer { key: self.mac(b"lines", side).finalize().into_bytes().into(), count: 0 }
    }

    fn mac(&self, what: &[u8], side: Side) -> Hmac<Sha256> {
        let mut mac = keyed(self.token.0.as_bytes());
        mac.update(b"rtcprobe signalling 1 ");
        mac.update(what);
        mac.update(b" ");
        mac.update(side.word());
        mac.update(&self.listens);
        mac.update(&self.dials);
        mac
    }
}

/// Signs the lines of one side, in order.
pub struct Signer {
    key: [u8; 32],
    count: u64,
}

impl Signer {
    /// The line with its code before it.
    pub fn sign(&mut self, line: &str) -> String {
        let code = self.mac(line).finalize().into_bytes();
        format!("{} {line}", hex(&code[..CODE]))
    }

    /// The line behind its code, if that is right.
    pub fn open<'a>(&mut self, signed: &'a str) -> Option<&'a str> {
        let (code, line) = signed.split_once(' ')?;
        let code = unhex(code).filter(|code| code.len() == CODE)?;
        self.mac(line).verify_truncated_left(&code).ok().map(|()| line)
    }

    fn mac(&mut self, line: &str) -> Hmac<Sha256> {
        let mut mac = keyed(&self.key);
        mac.update(&self.count.to_be_bytes());
        mac.update(line.as_bytes());
        self.count += 1;
        mac
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length; the other arm is never taken.
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

/// A nonce of the system's randomness.
pub fn nonce() -> Option<String> {
    let mut bytes = [0; NONCE];
    getrandom::fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) || text.len() > 128 {
        return None;
    }
    (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(token: &str) -> Exchange {
        Exchange::new(&Token::new(token), &"0a".repeat(NONCE), &"0b".repeat(NONCE)).unwrap()
    }

    #[test]
    fn only_who_knows_the_token_proves_it_and_nobody_with_the_others_proof() {
        let (one, same, other) = (exchange("token"), exchange("token"), exchange("Token"));
        for side in [Side::Listens, Side::Dials] {
            assert!(same.is_proof(side, &one.proof(side)));
            assert!(!other.is_proof(side, &one.proof(side)));
        }
        assert!(!one.is_proof(Side::Dials, &one.proof(Side::Listens)));
        for proof in ["", "no", "zz", &"00".repeat(32), &one.proof(Side::Dials)[..62]] {
            assert!(!one.is_proof(Side::Dials, proof), "{proof}");
        }
    }

    #[test]
    fn lines_are_believed_once_in_order_and_from_their_side() {
        let exchange = exchange("token");
        let (mut says, mut hears) = (exchange.key(Side::Dials), exchange.key(Side::Dials));
        let (first, second) = (says.sign("one two"), says.sign("three"));
        assert_eq!(hears.open(&first), Some("one two"));
        assert_eq!(exchange.key(Side::Dials).open(&second), None, "out of order");
        assert_eq!(exchange.key(Side::Listens).open(&first), None, "sent back");
        assert_eq!(hears.open(&second.replace("three", "threE")), None);
        assert_eq!(exchange.key(Side::Dials).open("one two"), None);
    }

    #[test]
    fn nonces_that_are_none_are_refused() {
        let nonce = "00".repeat(NONCE);
        for bad in ["", "00", "xx", &"0".repeat(33), &"é".repeat(16)] {
            assert!(Exchange::new(&Token::new("t"), bad, &nonce).is_none(), "{bad}");
        }
    }
}
