//! npm packages: installed ones from `package.json`, declared ones from the lock files of npm, yarn and pnpm.

mod lock;
mod npm_lock;
mod package_json;
mod person;
mod pnpm_lock;
mod yarn_lock;

pub(crate) use lock::JAVASCRIPT_LOCK;
pub(crate) use package_json::JAVASCRIPT_PACKAGE;

use stopgate_model::Purl;

/// The package URL of an npm package; its scope is the namespace.
fn purl(name: &str, version: &str) -> String {
    let (scope, name) = name.split_once('/').unwrap_or(("", name));
    Purl::new("npm", scope, name, version).to_string()
}

/// Whether a path lies below a `node_modules` folder.
fn is_in_node_modules(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| part == "node_modules")
}
