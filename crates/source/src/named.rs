//! Files that the user names, opened without waiting for a writer and without reading what never ends.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// Opens a regular file.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(unfit());
    }
    File::open(path)
}

/// Opens a file that is read once from its start: a regular one, or a pipe that is open already, such as
/// `/dev/stdin` or a shell's `<(...)`. A pipe with a name of its own may wait for a writer for ever, and a
/// device may never end: both are refused.
pub fn open_readable(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    // What the names of `/proc` lead to has no path of its own when it is a pipe between processes.
    let is_open_pipe = kind.is_fifo() && path.canonicalize().is_err();
    if !kind.is_file() && !is_open_pipe {
        return Err(unfit());
    }
    File::open(path)
}

fn unfit() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::fd::AsRawFd as _;
    use std::path::Path;

    use super::{open_readable, open_regular};

    #[test]
    fn what_may_never_end_or_begin_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for path in [pipe.as_path(), folder.path(), Path::new("/dev/zero"), Path::new("/no/such/file")] {
            assert!(open_readable(path).is_err(), "{}", path.display());
            assert!(open_regular(path).is_err(), "{}", path.display());
        }
    }

    #[test]
    fn a_pipe_that_is_open_already_is_read() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(writer);
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
        let mut text = String::new();
        open_readable(Path::new(&path)).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "");
    }
}
