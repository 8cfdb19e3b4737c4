//! Bearer tokens.

use axum::extract::State;
use axum::http::request::Parts;
use stopgate_api_types::secret::Secret;
use stopgate_api_types::token::{RevokeRequest, TokenRequest, TokenResponse};
use stopgate_service::ServiceError;
use stopgate_service::auth::{Credentials, TokenPair};

use crate::answer::{Answer, Done};
use crate::error::ApiError;
use crate::extract::ApiForm;
use crate::routes::{Described, Input, Routes};
use crate::{App, call, request};

pub(super) fn routes(routes: &mut Routes) {
    routes.post("/oauth/token", create).fails(403).post("/oauth/revoke", revoke).fails(401).fails(403);
}

/// Parts of a request, for handlers that ask for no caller.
struct Head(Parts);

impl axum::extract::FromRequestParts<App> for Head {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self(parts.clone()))
    }
}

impl Input for Head {
    fn describe(operation: &mut Described) {
        operation.statuses.extend([401, 429]);
    }
}

fn told(pair: TokenPair) -> TokenResponse {
    TokenResponse {
        access_token: Secret::from(pair.access),
        expires_in: Some(pair.expires_in as f64),
        token_type: Some("Bearer".to_owned()),
        refresh_token: Some(Secret::from(pair.refresh)),
    }
}

async fn create(
    State(app): State<App>,
    Head(parts): Head,
    ApiForm(form): ApiForm<TokenRequest>,
) -> Result<Answer<TokenResponse>, ApiError> {
    let auth = app.service().auth();
    let kind = form.grant_type.as_deref().unwrap_or("password");
    let pair = match (kind, &form.refresh_token, &form.username, &form.password) {
        ("refresh_token", Some(token), ..) => auth.refresh(token.expose()).await?,
        ("refresh_token", None, ..) => return Err(ServiceError::invalid("`refresh_token` is missing").into()),
        ("password", _, Some(username), Some(password)) => {
            auth.login(username, password.expose(), &request::address(&parts)).await?
        }
        // An empty form with the credentials in the header.
        ("password", ..) => match call::credentials(&parts)? {
            Credentials::Basic { username, password } => {
                auth.login(&username, &password, &request::address(&parts)).await?
            }
            Credentials::Bearer(_) => return Err(ServiceError::invalid("`username` and `password` are missing").into()),
        },
        (other, ..) => {
            let shown: String = other.chars().take(50).collect();
            let message = format!("`grant_type` is `{shown}`: expected `password` or `refresh_token`");
            return Err(ServiceError::invalid(message).into());
        }
    };
    Ok(Answer(told(pair)))
}

async fn revoke(State(app): State<App>, ApiForm(form): ApiForm<RevokeRequest>) -> Result<Done, ApiError> {
    let token = form.token.ok_or_else(|| ServiceError::invalid("`token` is missing"))?;
    app.service().auth().revoke(token.expose()).await?;
    Ok(Done)
}
