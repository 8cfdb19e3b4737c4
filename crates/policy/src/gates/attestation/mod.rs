//! Gate `attestation`: signed statements about the image (in-toto attestation framework).

pub(super) mod statement;
