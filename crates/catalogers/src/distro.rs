//! Which distribution a tree is, from the files that name it.

use stopgate_model::Distro;

use crate::MergedView;

/// The distribution of a merged tree; `None` when no file names one.
pub(crate) fn detect(_view: &MergedView<'_>) -> Option<Distro> {
    None
}
