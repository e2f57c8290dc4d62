//! `GET /openapi.json`, `GET /docs` (Swagger UI) and `GET /redoc`: both contracts, to read and to try.
//!
//! Nothing is loaded from another host. Swagger UI comes out of a crate, Redoc out of `infra/openapi/assets`.

#[path = "docs/servers.rs"]
mod servers;
#[path = "docs/yaml.rs"]
mod yaml;

use std::io::{Cursor, Read};
use std::sync::LazyLock;

use domain::problem::ProblemKind;
use edge::{Call, Door, Problem, Reply};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use servers::Servers;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// The documents as JSON, made once in a process, with [`SERVER`] for the servers that they name.
static VIDEOS: LazyLock<Result<String, String>> =
    LazyLock::new(|| yaml::to_json(include_str!("../../infra/openapi/videos.yaml"), SERVER));
static JOBS: LazyLock<Result<String, String>> =
    LazyLock::new(|| yaml::to_json(include_str!("../../infra/openapi/jobs.yaml"), SERVER));
/// Stands for where the caller finds the API, which each request tells anew.
const SERVER: &str = "https://server.invalid";

static SWAGGER_UI: &[u8] = SWAGGER_UI_VENDORED;
static REDOC: &[u8] = include_bytes!("../../infra/openapi/assets/redoc-2.5.4.zip");
/// The one thing that Redoc would load from elsewhere: its maker's logo.
const REDOC_LOGO: &str = "https://cdn.redoc.ly/redoc/logo-mini.svg";

/// Scripts, requests and pictures of this origin only; requests also to the Jobs API where that has a host of its own.
/// Both programs write their styles into the page, draw icons from `data:`, and Redoc searches in a worker that it makes
/// out of its own code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    connect-src 'self'";

/// Pages and documents change with a deployment, programs with a version.
const MINUTES: &str = "public, max-age=300";
const A_DAY: &str = "public, max-age=86400";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

async fn show(call: Call) -> Result<Reply, Problem> {
    let asset: String = call.path("asset", "file").unwrap_or_default();
    let (host, stage) = call.host_and_stage();
    let servers = Servers::of(host, stage, call.app.config.jobs_api_id.as_deref());
    let (reply, age) = match (call.resource.as_str(), asset.as_str()) {
        ("/openapi.json", _) => (document(&VIDEOS, &servers.videos)?, MINUTES),
        ("/openapi/jobs.json", _) => (document(&JOBS, &servers.jobs)?, MINUTES),
        ("/docs", _) => (page(include_str!("docs/swagger.html"), &servers)?, MINUTES),
        ("/docs/{asset}", "swagger-initializer.js") => {
            (Reply::text(SCRIPT, include_str!("docs/swagger-initializer.js").to_owned()), MINUTES)
        }
        ("/docs/{asset}", "swagger-ui-bundle.js" | "swagger-ui-standalone-preset.js") => {
            (Reply::text(SCRIPT, unzipped(SWAGGER_UI, &asset)?), A_DAY)
        }
        ("/docs/{asset}", "swagger-ui.css") => (Reply::text(STYLE, unzipped(SWAGGER_UI, &asset)?), A_DAY),
        ("/redoc", _) => (page(include_str!("docs/redoc.html"), &servers)?, MINUTES),
        ("/redoc/{asset}", "jobs") => (page(include_str!("docs/redoc-jobs.html"), &servers)?, MINUTES),
        ("/redoc/{asset}", "redoc.standalone.js") => {
            (Reply::text(SCRIPT, unzipped(REDOC, &asset)?.replace(REDOC_LOGO, "data:,")), A_DAY)
        }
        _ => {
            let detail = "There is no such page. The API reference is at /docs and /redoc.";
            return Err(Problem::new(ProblemKind::NotFound, detail));
        }
    };
    Ok(reply
        .with_header(CACHE_CONTROL, HeaderValue::from_static(age))
        .with_header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
}

fn document(json: &Result<String, String>, server: &str) -> Result<Reply, Problem> {
    let json = json.as_deref().map_err(Problem::internal)?;
    Ok(Reply::text("application/json", json.replace(SERVER, server)))
}

fn page(html: &str, servers: &Servers) -> Result<Reply, Problem> {
    let policy = match servers.other_origin() {
        None => POLICY.to_owned(),
        Some(origin) => format!("{POLICY} {origin}"),
    };
    Ok(Reply::text(HTML, html.to_owned())
        .with_header(CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).map_err(Problem::internal)?)
        .with_header(REFERRER_POLICY, HeaderValue::from_static("no-referrer")))
}

/// A program's built file out of its archive: `swagger-ui-5.32.6/dist/swagger-ui.css`.
fn unzipped(archive: &[u8], name: &str) -> Result<String, Problem> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(Problem::internal)?;
    let endings = ["dist", "bundles"].map(|folder| format!("/{folder}/{name}"));
    let built = |path: &String| endings.iter().any(|ending| path.ends_with(ending));
    let path = archive.file_names().flatten().map(String::from).find(built);
    let path = path.ok_or_else(|| Problem::internal(format!("{name} is not in its archive")))?;
    let mut text = String::new();
    archive
        .by_name(&path)
        .map_err(Problem::internal)?
        .read_to_string(&mut text)
        .map_err(Problem::internal)?;
    Ok(text)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Public, show).await
}
