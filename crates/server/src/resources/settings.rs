//! Settings of an account.

use secrecy::ExposeSecret as _;
use stopgate_api_types::secret::Secret;
use stopgate_api_types::settings::AccountSettings;
use stopgate_service::permission::granted;

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/x/settings", get);
}

// Whoever may say where events go may know what they are signed with.
async fn get(
    call: Call<granted::CreateNotificationEndpointConfiguration>,
) -> Result<Answer<AccountSettings>, ApiError> {
    let secret = call.service().webhook_secret(call.account_id()).await?;
    Ok(Answer(AccountSettings { webhook_secret: Some(Secret::from(secret.expose_secret().to_owned())) }))
}
