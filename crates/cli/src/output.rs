//! `-o FORMAT[=FILE]`, several in one run: parsed and opened before any work, so a wrong format costs nothing.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::failure::Failure;

/// One wanted output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted<F> {
    pub(crate) format: F,
    /// `None`: standard output.
    pub(crate) file: Option<PathBuf>,
}

/// Reads the `-o` options of a command that knows these formats.
pub(crate) fn wanted<F: Copy>(
    options: &[String],
    formats: &[(&str, F)],
    default: F,
) -> Result<Vec<Wanted<F>>, Failure> {
    let mut wanted = Vec::new();
    for option in options {
        // `-o json -o table`, `-o json,table` and `-o json=FILE` are all in use.
        let parts: Vec<&str> = if option.contains('=') { vec![option] } else { option.split(',').collect() };
        for part in parts {
            let (name, file) = match part.split_once('=') {
                Some((name, file)) => (name, Some(PathBuf::from(file))),
                None => (part, None),
            };
            let known = formats.iter().find(|(format, _)| format.eq_ignore_ascii_case(name));
            let Some((_, format)) = known else {
                let names: Vec<_> = formats.iter().map(|(name, _)| *name).collect();
                return Err(Failure::new(format!(
                    "there is no output format `{name}`: expected one of {}",
                    names.join(", ")
                )));
            };
            wanted.push(Wanted { format: *format, file });
        }
    }
    if wanted.is_empty() {
        wanted.push(Wanted { format: default, file: None });
    }
    if wanted.iter().filter(|output| output.file.is_none()).count() > 1 {
        return Err(Failure::new("more than one output format goes to standard output")
            .help("write `-o FORMAT=FILE` for all but one"));
    }
    Ok(wanted)
}

/// Writes to standard output and flushes it. A reader that has seen enough (`| head`) is no failure.
pub(crate) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Writes each wanted output. A file appears whole or not at all.
pub(crate) fn write_all<F: Copy>(
    wanted: &[Wanted<F>],
    mut write: impl FnMut(F, &mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    for output in wanted {
        match &output.file {
            None => to_stdout(|stdout| write(output.format, stdout))?,
            Some(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(".".as_ref(), |f| f);
                let fail = |error: &io::Error| Failure::new(format!("cannot write `{}`: {error}", path.display()));
                if path.exists() && !path.is_file() {
                    // `-o json=/dev/stderr` and pipes are written in place.
                    let mut file = File::options().write(true).open(path).map_err(|error| fail(&error))?;
                    write(output.format, &mut file).map_err(|error| fail(&error))?;
                    continue;
                }
                let made = tempfile::NamedTempFile::new_in(folder);
                // Which temporary file it was to be means nothing to a person.
                let plain = |error: &io::Error| {
                    io::Error::other(error.to_string().split(" at path ").next().unwrap_or_default().to_owned())
                };
                let mut file = made.map_err(|error| fail(&plain(&error)))?;
                let mut buffered = BufWriter::new(&mut file);
                write(output.format, &mut buffered).and_then(|()| buffered.flush()).map_err(|error| fail(&error))?;
                drop(buffered);
                open_to_readers(&file).map_err(|error| fail(&error))?;
                file.persist(path).map_err(|error| fail(&error.error))?;
            }
        }
    }
    Ok(())
}

/// Temporary files are for their owner alone; a report is for whoever may read the folder.
fn open_to_readers(file: &tempfile::NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, wanted, write_all};

    const FORMATS: &[(&str, u8)] = &[("text", 0), ("json", 1)];

    #[test]
    fn several_outputs_in_one_run() {
        let read = wanted(&["json=out.json".to_owned(), "text".to_owned()], FORMATS, 0).unwrap();
        assert_eq!(read[0], Wanted { format: 1, file: Some("out.json".into()) });
        assert_eq!(wanted(&[], FORMATS, 0).unwrap(), [Wanted { format: 0, file: None }]);
        assert!(wanted(&["xml".to_owned()], FORMATS, 0).unwrap_err().message().contains("text, json"));
        assert!(wanted(&["json,text".to_owned()], FORMATS, 0).is_err());
    }

    #[test]
    fn a_path_that_cannot_be_written_is_named_once() {
        let output = [Wanted { format: 1, file: Some("/no/such/folder/x.json".into()) }];
        let failure = write_all(&output, |_, _| Ok(())).unwrap_err();
        assert_eq!(failure.message(), "cannot write `/no/such/folder/x.json`: No such file or directory (os error 2)");
    }

    #[test]
    fn a_failed_output_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        std::fs::write(&path, "old").unwrap();
        let output = [Wanted { format: 1, file: Some(path.clone()) }];
        assert!(write_all(&output, |_, _| Err(std::io::Error::other("no"))).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        write_all(&output, |_, out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }
}
