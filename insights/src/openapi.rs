//! The description of the API, made from the handlers and from what every request passes.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Header, ObjectBuilder, OpenApi, Ref, RefOr, ResponseBuilder, Type};
use utoipa::{OpenApi as _, ToSchema};

/// The name of the one way to be let in.
const KEY: &str = "key";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "CekBrand",
        description = "What is known of Instagram accounts and their media. An absent figure is null with its reason, never 0. \
                       Lists and days are CSV as well: `Accept: text/csv`."
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "accounts", description = "Accounts, day by day and in tables"),
        (name = "media", description = "Single media"),
        (name = "people", description = "What people add: notes, labels, rules, links, corrections"),
        (name = "service", description = "The service itself"),
    )
)]
struct Described;

/// Every answer that is not what was asked for: RFC 9457 problem details.
#[derive(serde::Serialize, ToSchema)]
#[schema(as = Problem)]
struct ProblemBody {
    /// What kind of problem it is, in one word.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: Option<String>,
    /// The status.
    status: u16,
    /// What is wrong and what to do, in a sentence.
    detail: String,
    /// Always false.
    success: bool,
    /// What would be right, where that is a list.
    allowed: Option<Vec<String>>,
    /// Meta's own error, for programs that look for its code.
    error: Option<MetaError>,
}

#[derive(serde::Serialize, ToSchema)]
struct MetaError {
    code: i32,
    message: String,
}

/// The part of the description that no handler says.
pub(crate) fn base() -> OpenApi {
    Described::openapi()
}

/// Adds to every operation what it passes: the key, and the problems that may meet it.
pub(crate) fn complete(mut described: OpenApi) -> OpenApi {
    let mut components = described.components.take().unwrap_or_default();
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert(KEY.to_owned(), scheme.into());
    described.components = Some(components);
    for (path, item) in &mut described.paths.paths {
        let is_open = !path.starts_with("/api/") || path.starts_with("/api/shared/");
        for (reads, operation) in operations(item) {
            tidy(operation);
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    without_null(parameter);
                }
            }
            if !is_open {
                operation.security = Some(vec![SecurityRequirement::new(KEY, Vec::<String>::new())]);
            }
            add_problems(operation, is_open);
            if !reads {
                add_problems_of_writing(operation);
            }
            if reads {
                add_validator(operation);
            }
        }
    }
    described
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let read = item.get.iter_mut().map(|operation| (true, operation));
    let written = [&mut item.post, &mut item.put, &mut item.delete];
    read.chain(written.into_iter().flatten().map(|operation| (false, operation)))
}

/// A handler's words for programmers end where their `# Errors` begin.
fn tidy(operation: &mut Operation) {
    if let Some(description) = operation.description.take() {
        let kept = description.split("# Errors").next().unwrap_or_default().trim();
        operation.description = (!kept.is_empty()).then(|| kept.to_owned());
    }
}

/// A parameter is left out or has a value: there is no way to send null.
fn without_null(parameter: &mut Parameter) {
    let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema else {
        return;
    };
    if let SchemaType::Array(types) = &mut object.schema_type {
        types.retain(|kind| *kind != Type::Null);
        if let [kind] = types.as_slice() {
            object.schema_type = SchemaType::Type(kind.clone());
        }
    }
}

fn add_problems(operation: &mut Operation, is_open: bool) {
    let with_key = [
        ("400", "A parameter is wrong"),
        ("401", "No valid key"),
        ("403", "Not for this key"),
        ("404", "There is no such thing for this key"),
        ("429", "The key has used up its rate"),
    ];
    let always = [
        ("400", "A parameter is wrong"),
        ("404", "There is no such thing"),
        ("500", "A fault of ours"),
        ("503", "Unavailable for now"),
    ];
    let problems = with_key.iter().filter(|_| !is_open).chain(&always);
    for (status, description) in problems {
        let there = operation.responses.responses.entry((*status).to_owned());
        there.or_insert_with(|| RefOr::T(problem(description)));
    }
}

fn add_problems_of_writing(operation: &mut Operation) {
    let takes_body = operation.request_body.is_some();
    let with_body = [("409", "There is already one"), ("413", "It is too large"), ("415", "It is no JSON")];
    for (status, description) in with_body.into_iter().filter(|_| takes_body) {
        operation.responses.responses.insert(status.to_owned(), RefOr::T(problem(description)));
    }
}

fn problem(description: &str) -> utoipa::openapi::Response {
    let schema = RefOr::<Schema>::Ref(Ref::from_schema_name("Problem"));
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

/// What is read can be asked for again, and be the same.
fn add_validator(operation: &mut Operation) {
    let mut unchanged = ResponseBuilder::new().description("It is still what the caller has").build();
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    unchanged.headers.insert("ETag".to_owned(), RefOr::T(Header::new(text)));
    operation.responses.responses.entry("304".to_owned()).or_insert_with(|| RefOr::T(unchanged));
    let Some(RefOr::T(found)) = operation.responses.responses.get_mut("200") else {
        return;
    };
    let is_table = operation.tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag == "accounts"));
    if is_table {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let csv = ContentBuilder::new().schema(Some(RefOr::T(text.into()))).build();
        found.content.insert("text/csv".to_owned(), csv.into());
    }
}

/// `GET /openapi.json`: written once, at the start.
pub(crate) fn answer(written: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], written).into_response()
}
