//! Who asks, as the first argument of a handler: its type says which permission the handler needs.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stopgate_service::auth::Credentials;
use stopgate_service::permission::Grant;
use stopgate_service::{Caller, Kind, Service, ServiceError};

use crate::error::ApiError;
use crate::request::{self, Who};
use crate::{App, routes};

/// A caller who has a permission.
pub(crate) struct Call<P> {
    pub(crate) caller: Caller,
    app: App,
    granted: PhantomData<P>,
}

impl<P> Call<P> {
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn service(&self) -> &Service {
        self.app.service()
    }
}

impl<P> Deref for Call<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<P: Grant + Send> FromRequestParts<App> for Call<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = caller(parts, app).await?;
        caller.require(P::PERMISSION)?;
        Ok(Self { caller, app: app.clone(), granted: PhantomData })
    }
}

impl<P: Grant> routes::Input for Call<P> {
    fn describe(operation: &mut routes::Described) {
        operation.permission = Some(P::PERMISSION);
    }
}

/// Who sends a request.
pub(crate) async fn caller(parts: &Parts, app: &App) -> Result<Caller, ApiError> {
    let credentials = credentials(parts)?;
    let account = match parts.headers.get("x-anchore-account").map(|value| value.to_str()) {
        Some(Ok(name)) if !name.is_empty() => Some(name),
        Some(Err(_)) => return Err(ServiceError::invalid("the header `x-anchore-account` is no name").into()),
        _ => None,
    };
    let id = request::id().unwrap_or_default();
    let caller = app.service().auth().verify(&credentials, account, &request::address(parts), &id).await?;
    if let Some(who) = parts.extensions.get::<Who>()
        && let Ok(mut who) = who.0.lock()
    {
        *who = Some((caller.account.name.clone(), caller.user.name.clone()));
    }
    Ok(caller)
}

/// What a request shows of its sender.
pub(crate) fn credentials(parts: &Parts) -> Result<Credentials, ApiError> {
    let refused = || ApiError(ServiceError::new(Kind::Unauthorized, "Unauthorized"));
    let header = parts.headers.get(AUTHORIZATION).ok_or_else(refused)?.to_str().map_err(|_| refused())?;
    let (scheme, rest) = header.split_once(' ').ok_or_else(refused)?;
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => {
            let bytes = STANDARD.decode(rest.trim()).map_err(|_| refused())?;
            let text = String::from_utf8(bytes).map_err(|_| refused())?;
            let (username, password) = text.split_once(':').ok_or_else(refused)?;
            Ok(Credentials::Basic { username: username.to_owned(), password: password.to_owned() })
        }
        "bearer" | "jwt" => Ok(Credentials::Bearer(rest.trim().to_owned())),
        _ => Err(refused()),
    }
}
