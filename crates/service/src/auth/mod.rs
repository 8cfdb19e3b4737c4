//! Who asks: passwords, API keys and tokens become a [`Caller`].

mod caller;
mod password;
mod tokens;
mod verify;

pub use caller::{Caller, Origin};
pub use tokens::{ApiKeySecret, TokenPair};
pub use verify::{Auth, Credentials};

pub(crate) use password::hash as hash_password;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::ServiceError;

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], ServiceError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ServiceError::internal("the system gives no random numbers"))?;
    Ok(bytes)
}

/// SHA-256 of a secret with so much randomness in it that nothing slower is needed.
pub(crate) fn sha256(secret: &[u8]) -> Vec<u8> {
    digest(&SHA256, secret).as_ref().to_vec()
}

/// Letters and digits that nobody mistakes for others (RFC 4648 base32, lower case).
pub(crate) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let five = usize::try_from((held >> bits) & 31).unwrap_or(0);
            text.push(char::from(ALPHABET.get(five).copied().unwrap_or(b'a')));
        }
    }
    if bits > 0 {
        let five = usize::try_from((held << (5 - bits)) & 31).unwrap_or(0);
        text.push(char::from(ALPHABET.get(five).copied().unwrap_or(b'a')));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base32;

    #[test]
    fn base32_of_the_standard() {
        for (bytes, text) in [("", ""), ("f", "my"), ("fo", "mzxq"), ("foob", "mzxw6yq"), ("foobar", "mzxw6ytboi")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}
