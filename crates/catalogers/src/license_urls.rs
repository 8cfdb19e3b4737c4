//! Well-known addresses of licences, as the SPDX list gives them under `seeAlso`; those that metadata of
//! packages really uses.

use crate::license;

/// The SPDX licence whose text is at an address; scheme and file suffix aside.
pub(crate) fn license_at(url: &str) -> Option<&'static str> {
    let path = url.trim();
    let path = path.strip_prefix("https://").or_else(|| path.strip_prefix("http://")).unwrap_or(path);
    if !path.contains('/') {
        return None;
    }
    [path, without_suffix(path)].into_iter().find_map(|path| {
        let row = TABLE.iter().find(|(address, _)| *address == path);
        row.map(|(_, id)| *id).or_else(|| named_in(path))
    })
}

/// Addresses whose last part is the SPDX identifier.
fn named_in(path: &str) -> Option<&'static str> {
    let lower = path.to_ascii_lowercase();
    let lower = lower.strip_prefix("www.").unwrap_or(&lower);
    let name = ["opensource.org/licenses/", "opensource.org/license/", "spdx.org/licenses/"]
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix))?
        .trim_end_matches('/');
    // The Open Source Initiative's pages of these are about the version and any later one.
    const OR_LATER: [(&str, &str); 5] = [
        ("agpl-3.0", "AGPL-3.0-or-later"),
        ("gpl-2.0", "GPL-2.0-or-later"),
        ("gpl-3.0", "GPL-3.0-or-later"),
        ("lgpl-2.1", "LGPL-2.1-or-later"),
        ("lgpl-3.0", "LGPL-3.0-or-later"),
    ];
    let later = OR_LATER.iter().find(|(page, _)| *page == name).map(|(_, id)| *id);
    later.or_else(|| license::license_named(name))
}

fn without_suffix(path: &str) -> &str {
    const SUFFIXES: [&str; 8] = [".txt", ".html", ".htm", ".md", ".pdf", ".xml", ".json", ".php"];
    SUFFIXES.iter().find_map(|suffix| path.strip_suffix(suffix)).unwrap_or(path)
}

const TABLE: &[(&str, &str)] = &[
    ("apache.org/licenses/LICENSE-1.1", "Apache-1.1"),
    ("apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
    ("www.apache.org/licenses/LICENSE-1.0", "Apache-1.0"),
    ("www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
    ("creativecommons.org/licenses/by/3.0/legalcode", "CC-BY-3.0"),
    ("creativecommons.org/licenses/by/4.0/legalcode", "CC-BY-4.0"),
    ("creativecommons.org/licenses/by-sa/3.0/legalcode", "CC-BY-SA-3.0"),
    ("creativecommons.org/licenses/by-sa/4.0/legalcode", "CC-BY-SA-4.0"),
    ("creativecommons.org/publicdomain/zero/1.0/legalcode", "CC0-1.0"),
    ("glassfish.java.net/public/CDDL+GPL_1_1.html", "CDDL-1.1"),
    ("javaee.github.io/glassfish/LICENSE", "CDDL-1.1"),
    ("projects.eclipse.org/license/epl-2.0", "EPL-2.0"),
    ("www.eclipse.org/legal/epl-2.0", "EPL-2.0"),
    ("www.eclipse.org/legal/epl-v10.html", "EPL-1.0"),
    ("www.eclipse.org/legal/epl-v20.html", "EPL-2.0"),
    ("www.eclipse.org/org/documents/edl-v10.php", "BSD-3-Clause"),
    ("unlicense.org/", "Unlicense"),
    ("www.boost.org/LICENSE_1_0.txt", "BSL-1.0"),
    ("www.gnu.org/licenses/agpl.txt", "AGPL-3.0-or-later"),
    ("www.gnu.org/licenses/fdl-1.3.txt", "GFDL-1.3-or-later"),
    ("www.gnu.org/licenses/gpl-3.0-standalone.html", "GPL-3.0-or-later"),
    ("www.gnu.org/licenses/lgpl-3.0-standalone.html", "LGPL-3.0-or-later"),
    ("www.gnu.org/licenses/old-licenses/gpl-2.0.txt", "GPL-2.0-only"),
    ("www.gnu.org/licenses/old-licenses/gpl-2.0-standalone.html", "GPL-2.0-or-later"),
    ("www.gnu.org/licenses/old-licenses/lgpl-2.0-standalone.html", "LGPL-2.0-or-later"),
    ("www.gnu.org/licenses/old-licenses/lgpl-2.1.html", "LGPL-2.1-or-later"),
    ("www.gnu.org/licenses/old-licenses/lgpl-2.1-standalone.html", "LGPL-2.1-or-later"),
    ("www.isc.org/licenses/", "ISC"),
    ("www.json.org/license.html", "JSON"),
    ("www.mozilla.org/MPL/2.0/", "MPL-2.0-no-copyleft-exception"),
    ("www.mozilla.org/MPL/MPL-1.0.html", "MPL-1.0"),
    ("www.mozilla.org/MPL/MPL-1.1.html", "MPL-1.1"),
    ("opensource.org/licenses/MPL-2.0", "MPL-2.0-no-copyleft-exception"),
    ("www.zlib.net/zlib_license.html", "Zlib"),
];
