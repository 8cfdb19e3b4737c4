//! The OpenAPI document, from the types of handlers. Operation ids are those of the published document.

use stopgate_api_types::contract::contract;
use stopgate_api_types::error::ApiErrorResponse;
use stopgate_api_types::openapi::AbsentNotNull;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr, Required,
    ResponseBuilder, ServerBuilder, Type,
};
use utoipa::{Modify as _, PartialSchema as _, ToSchema as _};

use crate::resources;
use crate::routes::Route;

/// Level of the published API that this one is.
pub(crate) const API_LEVEL: &str = "2.13.0";

/// The document of everything below `/v2` that the published API has too.
pub fn document() -> OpenApi {
    describe(
        |route| !route.is_own(),
        "Whether software may pass: images, policies, evaluations. Compatible with version 2 of Anchore's API.",
    )
}

/// The document of everything below `/v2/x`: what only this server has.
pub fn own_document() -> OpenApi {
    describe(Route::is_own, "What Stopgate's API has beyond version 2 of Anchore's.")
}

fn describe(wanted: fn(&Route) -> bool, about: &str) -> OpenApi {
    let mut routes = resources::routes().all;
    routes.retain(wanted);
    let mut components = ComponentsBuilder::new();
    let mut schemas = std::collections::BTreeMap::new();
    let mut paths = PathsBuilder::new();
    let mut errors = Vec::new();
    ApiErrorResponse::schemas(&mut errors);
    schemas.extend(errors);
    schemas.insert(ApiErrorResponse::name().into_owned(), ApiErrorResponse::schema());
    for route in &routes {
        schemas.extend(route.described.schemas.clone());
        paths = paths.path(route.path, PathItem::new(method(route), operation(route)));
    }
    for (name, schema) in schemas {
        components = components.schema(name, schema);
    }
    components = components
        .security_scheme("basic", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)))
        .security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let info = InfoBuilder::new().title("Stopgate").version(API_LEVEL).description(Some(about));
    let mut document = OpenApiBuilder::new()
        .info(info.build())
        .paths(paths.build())
        .components(Some(components.build()))
        .servers(Some([ServerBuilder::new().url("/v2").build()]))
        .build();
    AbsentNotNull.modify(&mut document);
    document
}

fn method(route: &Route) -> HttpMethod {
    match route.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route) -> utoipa::openapi::path::Operation {
    let described = &route.described;
    let published =
        contract().operations.iter().find(|known| known.path == route.path && known.method == route.method.as_str());
    let tag = route.path.split('/').nth(1).unwrap_or_default().to_owned();
    let own = format!("{}{}", route.method.as_str().to_lowercase(), route.path.replace(['/', '{', '}', '-'], "_"));
    let id = published.map_or(own, |published| published.id.clone());
    let mut operation = OperationBuilder::new().operation_id(Some(id)).tag(tag);
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let mut schema = ObjectBuilder::new().schema_type(Type::String);
        if name == "image_digest" {
            schema = schema.pattern(Some("^sha256:[a-fA-F0-9]{64}$"));
        }
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        operation = operation.parameter(parameter.schema(Some(schema)).build());
    }
    for parameter in &described.parameters {
        operation = operation.parameter(parameter.clone());
    }
    if let Some((media_type, content, required)) = &described.body {
        let required = if *required { Required::True } else { Required::False };
        let body = RequestBodyBuilder::new().content(*media_type, content.clone()).required(Some(required));
        operation = operation.request_body(Some(body.build()));
    }
    if let Some((status, content)) = &described.answer {
        let mut response = ResponseBuilder::new().description("done");
        if let Some((media_type, content)) = content {
            response = response.content(*media_type, content.clone());
        }
        let response = response.build();
        if let Some(other) = described.other_success {
            operation = operation.response(other.to_string(), response.clone());
        }
        operation = operation.response(status.to_string(), response);
    }
    let mut failures = described.statuses.clone();
    failures.extend([500, 503]);
    match &described.permission {
        Some(permission) => {
            failures.extend([400, 401, 403, 404, 429]);
            operation = operation
                .security(SecurityRequirement::new("basic", [] as [&str; 0]))
                .security(SecurityRequirement::new("bearer", [] as [&str; 0]));
            let header = ParameterBuilder::new().name("x-anchore-account").parameter_in(ParameterIn::Header);
            let schema = ObjectBuilder::new().schema_type(Type::String);
            operation = operation.parameter(header.required(Required::False).schema(Some(schema)).build());
            if !permission.name().is_empty() {
                operation = operation.description(Some(format!("Needs the permission `{}`.", permission.name())));
            }
        }
        None => operation = operation.securities(Some([SecurityRequirement::default()])),
    }
    for status in failures {
        let schema = RefOr::Ref(Ref::from_schema_name(ApiErrorResponse::name().into_owned()));
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description("a failure").content("application/json", content);
        operation = operation.response(status.to_string(), response.build());
    }
    operation.build()
}
