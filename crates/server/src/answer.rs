//! What handlers answer: the type says the status and the body.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::routes;

/// 200 with a body.
pub(crate) struct Answer<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: ToSchema> routes::Output for Answer<T> {
    fn describe(operation: &mut routes::Described) {
        operation.json_answer::<T>(200);
    }
}

/// 201 with a body.
pub(crate) struct Created<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, axum::Json(self.0)).into_response()
    }
}

impl<T: ToSchema> routes::Output for Created<T> {
    fn describe(operation: &mut routes::Described) {
        operation.json_answer::<T>(201);
    }
}

/// 201 without a body.
pub(crate) struct Made;

impl IntoResponse for Made {
    fn into_response(self) -> Response {
        StatusCode::CREATED.into_response()
    }
}

impl routes::Output for Made {
    fn describe(operation: &mut routes::Described) {
        operation.empty_answer(201);
    }
}

/// 204.
pub(crate) struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl routes::Output for NoContent {
    fn describe(operation: &mut routes::Described) {
        operation.empty_answer(204);
    }
}

/// 200 without a body.
pub(crate) struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::OK.into_response()
    }
}

impl routes::Output for Done {
    fn describe(operation: &mut routes::Described) {
        operation.empty_answer(200);
    }
}

/// 200 with JSON that was written before, shaped like `T`.
pub(crate) struct Written<T>(pub(crate) Bytes, pub(crate) std::marker::PhantomData<T>);

impl<T> Written<T> {
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into(), std::marker::PhantomData)
    }
}

impl<T> IntoResponse for Written<T> {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.0).into_response()
    }
}

impl<T: ToSchema> routes::Output for Written<T> {
    fn describe(operation: &mut routes::Described) {
        operation.json_answer::<T>(200);
    }
}
