//! Who signed an rpm header: algorithm, digest, time and key of an OpenPGP signature packet (RFC 4880
//! section 5.2). Nothing is verified.

use serde::{Deserialize, Serialize};

/// As in details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Signature {
    pub algo: String,
    pub hash: String,
    /// As rpm prints it, UTC: `Mon May 16 12:32:55 2022`.
    pub created: String,
    /// Key id, hexadecimal.
    pub issuer: String,
}

/// Reads a packet. `None` when it is no signature of version 3 or 4, or has no time or key.
pub(super) fn read(packet: &[u8]) -> Option<Signature> {
    let body = packet.get(body_start(packet)?..)?;
    let (key_algorithm, hash, time, key) = match body.first()? {
        3 => (*body.get(15)?, *body.get(16)?, be32(body, 3)?, body.get(7..15)?.to_vec()),
        4 => {
            let (time, key) = subpackets(body)?;
            (*body.get(2)?, *body.get(3)?, time?, key?)
        }
        _ => return None,
    };
    Some(Signature {
        algo: key_name(key_algorithm)?.to_owned(),
        hash: hash_name(hash)?.to_owned(),
        created: jiff::Timestamp::from_second(i64::from(time)).ok()?.strftime("%a %b %e %H:%M:%S %Y").to_string(),
        issuer: hex::encode(key),
    })
}

/// Where the packet's body begins, behind its tag and length in the old or new form.
fn body_start(packet: &[u8]) -> Option<usize> {
    let tag = *packet.first()?;
    if tag & 0x80 == 0 {
        return None;
    }
    if tag & 0x40 == 0 {
        return Some(match tag & 3 {
            0 => 2,
            1 => 3,
            2 => 5,
            _ => 1,
        });
    }
    Some(match packet.get(1)? {
        192..=223 => 3,
        255 => 6,
        _ => 2,
    })
}

type TimeAndKey = (Option<u32>, Option<Vec<u8>>);

/// Time and key of both areas of subpackets.
fn subpackets(body: &[u8]) -> Option<TimeAndKey> {
    let mut found: TimeAndKey = (None, None);
    let mut fingerprint = None;
    let mut at = 4;
    for _ in 0..2 {
        let length = usize::from(u16::from_be_bytes(body.get(at..at + 2)?.try_into().ok()?));
        let mut area = body.get(at + 2..at + 2 + length)?;
        at += 2 + length;
        while let Some((kind, content, rest)) = subpacket(area) {
            match kind {
                2 => found.0 = be32(content, 0),
                16 => found.1 = content.get(..8).map(<[u8]>::to_vec),
                33 => {
                    fingerprint =
                        content.len().checked_sub(8).and_then(|start| content.get(start..)).map(<[u8]>::to_vec);
                }
                _ => {}
            }
            area = rest;
        }
    }
    found.1 = found.1.or(fingerprint);
    Some(found)
}

/// Type, content and what follows.
fn subpacket(area: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (length, at): (usize, usize) = match *area.first()? {
        first @ 0..=191 => (usize::from(first), 1),
        first @ 192..=254 => (((usize::from(first) - 192) << 8) + usize::from(*area.get(1)?) + 192, 2),
        255 => (be32(area, 1)? as usize, 5),
    };
    let content = area.get(at..at.checked_add(length)?)?;
    let (kind, content) = content.split_first()?;
    // The highest bit only says that a reader must know the type.
    Some((kind & 0x7f, content, area.get(at + length..)?))
}

const fn key_name(number: u8) -> Option<&'static str> {
    Some(match number {
        1..=3 => "RSA",
        17 => "DSA",
        19 => "ECDSA",
        22 | 27 => "EdDSA",
        _ => return None,
    })
}

const fn hash_name(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "MD5",
        2 => "SHA1",
        3 => "RIPEMD160",
        8 => "SHA256",
        9 => "SHA384",
        10 => "SHA512",
        11 => "SHA224",
        _ => return None,
    })
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_packet_of_version_four() {
        let mut packet = vec![0x89, 0, 30, 4, 0, 1, 8, 0, 6, 5, 2];
        packet.extend(1_652_704_375_u32.to_be_bytes());
        packet.extend([0, 10, 9, 16, 0x70, 0x2d, 0x42, 0x6d, 0x35, 0x0d, 0x27, 0x5d]);
        let signature = read(&packet).unwrap();
        assert_eq!((signature.algo.as_str(), signature.hash.as_str()), ("RSA", "SHA256"));
        assert_eq!(signature.created, "Mon May 16 12:32:55 2022");
        assert_eq!(signature.issuer, "702d426d350d275d");
        assert_eq!(read(&packet[..20]), None);
        assert_eq!(read(&[]), None);
    }
}
