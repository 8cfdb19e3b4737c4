//! Waiting for an analysis: asked again and again, since the API has nothing better.

use stopgate_api_types::image::{AnalysisStatus, AnchoreImage};
use stopgate_api_types::source::SourceManifest;
use stopgate_client::{Client, ClientError, Reply};

use super::failure::Failure;
use super::layout::word;
use super::session::Session;

/// An image that was just submitted may not be known yet to the process that is asked.
const UNKNOWN_AT_FIRST: u32 = 5;

/// Waits until an image is analysed.
pub(super) fn for_image(session: &Session, client: &Client, digest: &str) -> Result<Reply<AnchoreImage>, Failure> {
    let image = wait(session, || client.image_get(digest), |image| image.analysis_status)?;
    let failed = image.value.analysis_status == Some(AnalysisStatus::AnalysisFailed);
    if failed { Err(Failure::new(format!("the analysis of the image `{digest}` failed"))) } else { Ok(image) }
}

/// Waits until a source revision is analysed.
pub(super) fn for_source(session: &Session, client: &Client, id: &str) -> Result<Reply<SourceManifest>, Failure> {
    let source = wait(session, || client.source_get(id), |source| source.analysis_status)?;
    let failed = source.value.analysis_status == Some(AnalysisStatus::AnalysisFailed);
    if failed { Err(Failure::new(format!("the analysis of the source `{id}` failed"))) } else { Ok(source) }
}

fn wait<T>(
    session: &Session,
    ask: impl Fn() -> Result<Reply<T>, ClientError>,
    status: impl Fn(&T) -> Option<AnalysisStatus>,
) -> Result<Reply<T>, Failure> {
    let mut unknown = 0;
    let line = session.live("Waiting for the analysis");
    loop {
        match ask() {
            Ok(reply) if ended(status(&reply.value)) => {
                line.finish();
                return Ok(reply);
            }
            Ok(reply) => line.step(&format!("Waiting for the analysis [{}]", word(&status(&reply.value)))),
            Err(error) if error.status() == Some(404) && unknown < UNKNOWN_AT_FIRST => unknown += 1,
            Err(error) => {
                line.finish();
                return Err(error.into());
            }
        }
        session.pause();
    }
}

fn ended(status: Option<AnalysisStatus>) -> bool {
    matches!(status, Some(AnalysisStatus::Analyzed | AnalysisStatus::AnalysisFailed))
}
