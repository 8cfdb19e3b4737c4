//! Gate `dockerfile`: how the image was built and what its configuration says.
//!
//! Effective user, ports, entry point and health check come from the image configuration first; the
//! Dockerfile only locates the line. Of several stages the last one counts, with `ARG` in front of
//! the first `FROM`.

pub(super) mod effective_user;
pub(super) mod exposed_ports;
pub(super) mod instruction;
mod lines;
pub(super) mod no_dockerfile_provided;
