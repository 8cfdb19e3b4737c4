//! Routes with their descriptions, both from the types of handlers.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use stopgate_service::permission::Permission;
use utoipa::ToSchema;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{KnownFormat, Ref, Schema, SchemaFormat};
use utoipa::openapi::{Content, ObjectBuilder, RefOr, Type};

use crate::App;
use crate::error::ApiError;

/// What types say of an operation.
#[derive(Default, Clone)]
pub(crate) struct Described {
    /// What a caller must have; nothing where no caller is needed.
    pub(crate) permission: Option<Permission>,
    pub(crate) parameters: Vec<Parameter>,
    /// Media type and content of a body, and whether there must be one.
    pub(crate) body: Option<(&'static str, Content, bool)>,
    pub(crate) answer: Option<(u16, Option<(&'static str, Content)>)>,
    /// A second status of success, with the same body.
    pub(crate) other_success: Option<u16>,
    /// Failures beside those that every operation may have.
    pub(crate) statuses: BTreeSet<u16>,
    pub(crate) schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Described {
    fn content<T: ToSchema>(&mut self) -> Content {
        let mut all = Vec::new();
        T::schemas(&mut all);
        self.schemas.extend(all);
        let name = T::name().into_owned();
        // Lists, maps and texts have no name of their own.
        if matches!(T::schema(), RefOr::Ref(_)) || is_plain(&name) {
            return Content::new(Some(T::schema()));
        }
        self.schemas.insert(name.clone(), T::schema());
        Content::new(Some(RefOr::Ref(Ref::from_schema_name(name))))
    }

    pub(crate) fn json_body<T: ToSchema>(&mut self, required: bool) {
        let content = self.content::<T>();
        self.body = Some(("application/json", content, required));
    }

    pub(crate) fn form_body<T: ToSchema>(&mut self) {
        let content = self.content::<T>();
        self.body = Some(("application/x-www-form-urlencoded", content, false));
    }

    /// A body of another type than JSON or a form.
    pub(crate) fn raw_body<T: ToSchema>(&mut self, media_type: &'static str) {
        let content = self.content::<T>();
        self.body = Some((media_type, content, true));
    }

    /// A form with one file in it.
    pub(crate) fn file_body(&mut self, part: &'static str) {
        let file = ObjectBuilder::new().schema_type(Type::String);
        let file = file.format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        let form = ObjectBuilder::new().property(part, file).required(part).build();
        let content = Content::new(Some(RefOr::T(Schema::Object(form))));
        self.body = Some(("multipart/form-data", content, true));
    }

    pub(crate) fn any_body(&mut self) {
        let content = self.content::<serde_json::Value>();
        self.body = Some(("application/json", content, true));
    }

    pub(crate) fn json_answer<T: ToSchema>(&mut self, status: u16) {
        let content = self.content::<T>();
        self.answer = Some((status, Some(("application/json", content))));
    }

    pub(crate) fn empty_answer(&mut self, status: u16) {
        self.answer = Some((status, None));
    }
}

/// Whether a schema's name is that of a primitive or of a collection.
fn is_plain(name: &str) -> bool {
    name.is_empty()
        || name.chars().next().is_some_and(char::is_lowercase)
        || matches!(name, "Value" | "String" | "Vec" | "HashMap" | "BTreeMap" | "Map")
}

/// What a handler reads.
pub(crate) trait Input {
    /// Says it.
    fn describe(operation: &mut Described);
}

/// What a handler answers.
pub(crate) trait Output {
    /// Says it.
    fn describe(operation: &mut Described);
}

/// A handler whose types say what it reads and answers.
pub(crate) trait Documented<Inputs> {
    /// Says it.
    fn describe(operation: &mut Described);
}

macro_rules! documented {
    ($($input:ident),*) => {
        impl<F, Answered, Fut, $($input),*> Documented<($($input,)*)> for F
        where
            F: Fn($($input),*) -> Fut,
            Fut: Future<Output = Result<Answered, ApiError>>,
            Answered: Output,
            $($input: Input),*
        {
            fn describe(operation: &mut Described) {
                $($input::describe(operation);)*
                Answered::describe(operation);
            }
        }
    };
}

documented!();
documented!(A);
documented!(A, B);
documented!(A, B, C);
documented!(A, B, C, D);

impl Input for axum::extract::State<App> {
    fn describe(_: &mut Described) {}
}

/// One operation.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Without the prefix, as the document has it.
    pub(crate) path: &'static str,
    pub(crate) described: Described,
}

impl Route {
    /// Whether it is one of ours, which the published API does not have: these have a document of their own.
    pub(crate) fn is_own(&self) -> bool {
        self.path.starts_with("/x/")
    }
}

/// What tests and documents ask of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFacts {
    /// Method.
    pub method: String,
    /// Path below `/v2`.
    pub path: String,
    /// What a caller must have; nothing where no caller is needed.
    pub permission: Option<Permission>,
}

/// All routes of the API.
#[derive(Default)]
pub(crate) struct Routes {
    routers: BTreeMap<String, MethodRouter<App>>,
    pub(crate) all: Vec<Route>,
}

impl Routes {
    /// Adds an operation.
    pub(crate) fn add<H, T, D>(&mut self, method: Method, path: &'static str, handler: H) -> &mut Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        let mut described = Described::default();
        H::describe(&mut described);
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let own = on(filter, handler);
        let place = self.routers.remove(path);
        self.routers.insert(
            path.to_owned(),
            match place {
                Some(before) => before.merge(own),
                None => own,
            },
        );
        self.all.push(Route { method, path, described });
        self
    }

    /// Says that the operation that was added last may fail so, which its types do not tell.
    pub(crate) fn fails(&mut self, status: u16) -> &mut Self {
        if let Some(last) = self.all.last_mut() {
            last.described.statuses.insert(status);
        }
        self
    }

    pub(crate) fn get<H, T, D>(&mut self, path: &'static str, handler: H) -> &mut Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        self.add(Method::GET, path, handler)
    }

    pub(crate) fn post<H, T, D>(&mut self, path: &'static str, handler: H) -> &mut Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        self.add(Method::POST, path, handler)
    }

    pub(crate) fn put<H, T, D>(&mut self, path: &'static str, handler: H) -> &mut Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        self.add(Method::PUT, path, handler)
    }

    pub(crate) fn patch<H, T, D>(&mut self, path: &'static str, handler: H) -> &mut Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        self.add(Method::PATCH, path, handler)
    }

    pub(crate) fn delete<H, T, D>(&mut self, path: &'static str, handler: H) -> &mut Self
    where
        H: Handler<T, App> + Documented<D>,
        T: 'static,
    {
        self.add(Method::DELETE, path, handler)
    }

    /// The router. A registry's name may hold slashes, raw or escaped, so it takes the rest of the path.
    pub(crate) fn router(self) -> (Router<App>, Vec<Route>) {
        let mut router = Router::new();
        for (path, methods) in self.routers {
            let path = if path.ends_with("/{registry}") { path.replace("{registry}", "{*registry}") } else { path };
            router = router.route(&path, methods);
        }
        (router, self.all)
    }
}

/// All operations below `/v2`, for tests and documents.
pub fn facts() -> Vec<RouteFacts> {
    let routes = crate::resources::routes();
    let of = |route: &Route| RouteFacts {
        method: route.method.to_string(),
        path: route.path.to_owned(),
        permission: route.described.permission,
    };
    routes.all.iter().map(of).collect()
}
