//! Commands that run a server. The command line alone has none: the program that holds one brings it along.

use crate::arguments::{Global, Installation, Serve, Work};
use crate::failure::Failure;

/// A server that the program brings along. Errors are one sentence each.
pub trait Server {
    /// Serves until it is told to stop; the exit code.
    fn serve(&self, options: &Serve, ca_file: Option<&std::path::Path>) -> Result<u8, String>;
    /// Works on jobs until it is told to stop, or on one; the exit code.
    fn work(&self, options: &Work, ca_file: Option<&std::path::Path>) -> Result<u8, String>;
    /// Brings the tables of an installation to the shape of this version; the exit code.
    fn migrate(&self, installation: &Installation) -> Result<u8, String>;
}

pub(crate) fn serve(global: &Global, options: &Serve, server: &dyn Server) -> Result<u8, Failure> {
    server.serve(options, global.ca_file.as_deref()).map_err(Failure::new)
}

pub(crate) fn work(global: &Global, options: &Work, server: &dyn Server) -> Result<u8, Failure> {
    server.work(options, global.ca_file.as_deref()).map_err(Failure::new)
}

pub(crate) fn migrate(options: &Installation, server: &dyn Server) -> Result<u8, Failure> {
    server.migrate(options).map_err(Failure::new)
}
