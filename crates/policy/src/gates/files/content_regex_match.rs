//! `files` / `content_regex_match`: the search of file contents found something. The analysis has no
//! such search yet, so its input is always missing and the engine says so.

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct ContentRegexMatch;

params! {
    pub(crate) struct ContentRegexMatchParams {
        /// Name of the search, its expression, or the expression in base64; all when absent.
        #[example = "TOKEN"]
        regex_name: Option<String>,
    }
}

impl Trigger for ContentRegexMatch {
    type Params = ContentRegexMatchParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::ContentSearch],
        ..TriggerInfo::new("files", "content_regex_match", "The search of file contents found something.")
    };
}

impl ImageTrigger for ContentRegexMatch {
    fn fire(params: &ContentRegexMatchParams, _: &Scene<'_>, _: &mut Hits) -> Result<(), Fault> {
        // INVARIANT: not called while the need is missing.
        Err(Fault(format!("there is no content search for `{}`", params.regex_name.as_deref().unwrap_or("*"))))
    }
}
