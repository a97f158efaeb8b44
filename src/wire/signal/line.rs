//! A description as one line that people carry: short enough for a terminal's input and for a QR code.
//!
//! `rtcprobe1:` and base64url without padding of: the length of the body, the body, its CRC-32. The body is written
//! in bytes, candidates field by field, and deflated where that makes it shorter. Numbers are in network order.

mod body;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{BadSignal, Description, LONGEST};
use body::Reader;

/// What a line begins with: the format and its version.
pub const PREFIX: &str = "rtcprobe1:";

/// Writes a description as a line.
#[must_use]
pub fn write(description: &Description) -> String {
    let body = body::pack(description);
    let mut bytes = Vec::new();
    body::number(&mut bytes, body.len());
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(&crc32fast::hash(&body).to_be_bytes());
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads what stands behind [`PREFIX`], up to its end.
pub fn read(code: &str) -> Result<Description, BadSignal> {
    // One character alone says nothing; the line is cut off in the middle of a byte.
    let whole = if code.len() % 4 == 1 { &code[..code.len() - 1] } else { code };
    let bytes = engine().decode(whole).map_err(|_| BadSignal(GARBLED.into()))?;
    let mut reader = Reader(&bytes);
    let length = reader.number().ok_or_else(|| cut_short(code.len(), None))?;
    if length > LONGEST {
        return Err(BadSignal(GARBLED.into()));
    }
    let head = bytes.len() - reader.0.len();
    let wanted = (head + length + 4).saturating_mul(4).div_ceil(3);
    if reader.0.len() < length + 4 {
        return Err(cut_short(code.len(), Some(wanted)));
    }
    let (body, rest) = reader.0.split_at(length);
    let (sum, rest) = rest.split_at(4);
    if !rest.is_empty() {
        return Err(BadSignal(format!(
            "the line has {} characters too many; paste only what begins with {PREFIX}, up to its end",
            code.len().saturating_sub(wanted)
        )));
    }
    if sum != crc32fast::hash(body).to_be_bytes() {
        return Err(BadSignal(GARBLED.into()));
    }
    let description = body::unpack(body).ok_or_else(|| {
        BadSignal(
            "the line is whole, but not one that this version can read; use the same rtcprobe on both sides".into(),
        )
    })?;
    description.check()?;
    Ok(description)
}

/// Whether the line goes on: it stops before the end that it names.
#[must_use]
pub fn goes_on(code: &str) -> bool {
    let whole = &code[..code.len() - code.len() % 4];
    let Ok(bytes) = engine().decode(whole) else { return false };
    let mut reader = Reader(&bytes);
    match reader.number() {
        None => true,
        Some(length) => length <= LONGEST && (bytes.len() - reader.0.len() + length + 4) * 4 > code.len() * 3,
    }
}

const GARBLED: &str = "a character of the line is not what it was when it was printed; copy it once more, whole, and \
    not by hand";

fn cut_short(have: usize, wanted: Option<usize>) -> BadSignal {
    let prefix = PREFIX.len();
    BadSignal(match wanted {
        Some(wanted) => format!(
            "the line is cut short: {} of its {} characters are there; copy it whole",
            have + prefix,
            wanted + prefix
        ),
        None => format!("the line is cut short right behind {PREFIX}; copy it whole"),
    })
}

/// Bits that are left over at a cut are nobody's mistake.
fn engine() -> base64::engine::GeneralPurpose {
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, config)
}
