//! What must hold of a package beside its version: module, architecture, platform, Go symbols.

use stopgate_model::Package;
use stopgate_vulndb::{Database, GoImport, Row};

use crate::cpe::Cpe;
use crate::subject::{GoBinary, Subject};

/// What the qualifiers of a row are compared with.
pub(crate) struct Traits<'a> {
    pub(crate) subject: &'a Subject<'a>,
    /// Name of the distribution in the data's words; empty when there is none.
    pub(crate) distro: &'a str,
    /// Whether the source package is searched, which has no architecture of its own.
    pub(crate) as_source: bool,
}

impl Traits<'_> {
    /// Whether the package is one that the row is about.
    pub(crate) fn fit(&self, database: &Database, row: &Row<'_>) -> bool {
        if !row.is_qualified() {
            return true;
        }
        let qualifiers = row.qualifiers();
        qualifiers.platform_cpes.iter().all(|cpe| self.fits_platform(cpe))
            && qualifiers.rpm_modularity.is_none_or(|module| self.fits_module(module))
            && qualifiers.architecture.is_none_or(|arch| self.fits_architecture(database, arch, row.unaffected()))
            && (!qualifiers.rootio || self.subject.is_rootio())
            && fits_symbols(&self.subject.go, &qualifiers.go_imports)
    }

    fn fits_module(&self, module: &str) -> bool {
        let package = self.subject.package;
        if package.package_type.id() != "rpm" {
            return !has_metadata(package);
        }
        match package.modularity.as_deref() {
            None => true,
            // Oracle's packages carry no label even when they belong to a module.
            Some("") if self.distro == "oraclelinux" => true,
            Some(label) if module.is_empty() => label.is_empty(),
            Some(label) => label.starts_with(module),
        }
    }

    /// A row that affects is applied when the architecture cannot be told, one that denies is not.
    fn fits_architecture(&self, database: &Database, wanted: &str, unaffected: bool) -> bool {
        let package = self.subject.package;
        let ours = match package.package_type.id() {
            "rpm" if self.as_source => "src",
            "rpm" | "apk" => package.arch.as_deref().unwrap_or(""),
            _ => "",
        };
        let anywhere = |arch: &str| matches!(arch, "noarch" | "all");
        if wanted.is_empty() {
            return true;
        }
        if ours.is_empty() || (!unaffected && (anywhere(ours) || anywhere(wanted))) {
            return !unaffected;
        }
        match wanted {
            "src" => true,
            "binary-no-arch-specified" => ours != "src",
            _ => database.architecture(ours) == database.architecture(wanted),
        }
    }

    fn fits_platform(&self, cpe: &str) -> bool {
        let Some(cpe) = Cpe::parse(cpe) else { return true };
        let (vendor, product) = (&*cpe.vendor, &*cpe.product);
        if vendor == "wordpress" && product == "wordpress" {
            return false;
        }
        if self.distro.is_empty() {
            return true;
        }
        if vendor == "microsoft" && product.starts_with("windows") {
            return self.distro == "windows";
        }
        if vendor == "ubuntu" || (vendor == "canonical" && product == "ubuntu_linux") {
            return self.distro == "ubuntu";
        }
        if vendor == "debian" && matches!(product, "debian_linux" | "linux") {
            return self.distro == "debian";
        }
        true
    }
}

/// Whether grype keeps metadata of a package, so that "cannot be told" is not the answer.
fn has_metadata(package: &Package) -> bool {
    package.details.as_ref().is_some_and(|details| {
        matches!(
            details.type_name.as_str(),
            "java-archive"
                | "java-jvm-installation"
                | "go-module-buildinfo-entry"
                | "go-module-entry"
                | "go-source-entry"
                | "apk-db-entry"
        )
    })
}

/// Whether a binary uses a vulnerable function, or does not say what it uses.
fn fits_symbols(binary: &GoBinary, imports: &[GoImport<'_>]) -> bool {
    if imports.is_empty() || binary.symbols.is_empty() {
        return true;
    }
    imports.iter().any(|import| {
        binary.symbols.get(import.path).is_some_and(|used| {
            import.symbols.is_empty() || import.symbols.iter().any(|symbol| used.iter().any(|used| used == symbol))
        })
    })
}
