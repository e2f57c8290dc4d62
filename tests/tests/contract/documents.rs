//! The OpenAPI documents: complete, consistent, and in the words of the domain.

use std::collections::BTreeSet;
use std::rc::Rc;

use domain::api_key::Scope;
use domain::api_version::ApiVersion;
use domain::callback::{CallbackEvent, CallbackStatus, MAX_ATTEMPTS};
use domain::failure::FailureCode;
use domain::plan::Plan;
use domain::problem::ProblemKind;
use domain::processing_mode::ProcessingMode;
use domain::stage::Stage;
use domain::video::{JobSource, JobStatus, VideoStatus};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::house::{self, Contract, Route};

/// One operation of a document.
pub(crate) struct Operation {
    /// Its operationId.
    pub(crate) id: String,
    pub(crate) route: Route,
    body: Value,
    /// The document that it is in.
    document: Rc<Value>,
}

impl Operation {
    /// Where it is described.
    fn place(&self) -> String {
        format!("{}: {}", self.route.contract.document(), self.id)
    }

    fn responses(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.body["responses"].as_object().into_iter().flatten()
    }
}

/// The operations of both documents.
pub(crate) fn operations() -> Vec<Operation> {
    let mut operations = vec![];
    for contract in Contract::ALL {
        let document = Rc::new(house::yaml(contract.document()));
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, body) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters") {
                let route = Route { contract, method: method.to_uppercase(), path: path.clone() };
                let id = body["operationId"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{}: {route} has no operationId", contract.document()));
                let body = tests::openapi::resolved(&document, body);
                operations.push(Operation { id: id.to_owned(), route, body, document: document.clone() });
            }
        }
    }
    operations
}

/// What a function's own code says that it can answer.
const ANSWERS: [(&str, &str); 29] = [
    ("StatusCode::ACCEPTED", "202"),
    ("StatusCode::NO_CONTENT", "204"),
    ("call.json()", "400"),
    ("call.json()", "413"),
    ("call.json()", "415"),
    ("call.query_number(", "400"),
    ("Problem::invalid(", "400"),
    ("ProblemKind::InvalidYoutubeUrl", "400"),
    ("refusals::unverified", "401"),
    ("call.path(", "404"),
    ("ProblemKind::NotFound", "404"),
    ("ProblemKind::AlreadyIndexed", "409"),
    ("ProblemKind::AlreadySubscribed", "409"),
    ("ProblemKind::NotReady", "409"),
    ("refusals::plan_full", "402"),
    ("refusals::queries_exhausted", "402"),
    ("refusals::job_slots_full", "403"),
    ("paying_account(", "403"),
    ("Door::ApiKey(", "403"),
    ("refusals::unavailable", "503"),
    ("call.api_version(", "400"),
    ("call.callback(", "400"),
    ("app.secret(", "503"),
    ("Stripe::of(", "503"),
    ("exports::redirect(", "302"),
    ("completed_job(", "404"),
    ("completed_job(", "409"),
    ("job_with_scenes(", "404"),
    ("job_with_scenes(", "409"),
];

#[test]
fn list_what_the_functions_answer() {
    let mut complaints = vec![];
    let bins = house::bins();
    for operation in operations() {
        let Some(file) = bins.get(&operation.id) else { continue };
        let source = house::code(file);
        let mut expected: BTreeSet<&str> = BTreeSet::from(["500"]);
        expected.extend(ANSWERS.iter().filter(|(mark, _)| source.contains(mark)).map(|(_, status)| *status));
        if !source.contains("Door::Public") {
            expected.extend(["401", "429"]);
        }
        let listed: BTreeSet<&str> = operation.responses().map(|(status, _)| status.as_str()).collect();
        for status in expected.difference(&listed) {
            complaints.push(format!(
                "{} does not list {status}, which {file} can answer: add it",
                operation.place()
            ));
        }
    }
    house::settle(complaints);
}

/// The door that a function stands behind is in its text; the documents name it as a security scheme.
#[test]
fn ask_for_what_the_doors_ask() {
    let bins = house::bins();
    let mut complaints = vec![];
    for operation in operations() {
        let Some(file) = bins.get(&operation.id) else { continue };
        let source = house::code(file);
        let scope =
            Scope::ALL.into_iter().find(|scope| source.contains(&format!("Door::ApiKey(Scope::{scope:?})")));
        let expected = match scope {
            Some(scope) => json!([{ "apiKey": [scope.name()] }, { "bearerKey": [scope.name()] }]),
            None if source.contains("Door::Session") || source.contains("Door::KeyManagement") => {
                json!([{ "session": [] }])
            }
            None => json!([]),
        };
        let stated = operation.body.get("security").or(operation.document.get("security"));
        if stated != Some(&expected) {
            complaints.push(format!(
                "{}: security is {stated:?}, but {file} asks for {expected}",
                operation.place()
            ));
        }
    }
    house::settle(complaints);
}

#[test]
fn promise_the_headers_and_error_forms_of_their_contract() {
    let mut complaints = vec![];
    for operation in operations() {
        let place = operation.place();
        for (status, response) in operation.responses() {
            for header in ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id"]
            {
                if response["headers"][header].is_null() {
                    complaints.push(format!("{place}: {status} has no {header}, which every answer carries"));
                }
            }
            if status == "429" && response["headers"]["Retry-After"].is_null() {
                complaints.push(format!("{place}: 429 has no Retry-After"));
            }
            let refused = status.starts_with(['4', '5']);
            let form = match operation.route.contract {
                Contract::Videos => ("application/problem+json", "#/components/schemas/Problem"),
                Contract::Jobs => ("application/json", "#/components/schemas/Error"),
            };
            if refused && response["content"][form.0]["schema"]["$ref"] != form.1 {
                complaints.push(format!("{place}: {status} is not {} of {}", form.1, form.0));
            }
        }
    }
    house::settle(complaints);
}

#[test]
fn show_examples_that_fit_their_schemas() {
    let mut complaints = vec![];
    for operation in operations() {
        let request = operation.body["requestBody"]["content"].as_object().into_iter().flatten();
        let replies = operation
            .responses()
            .flat_map(|(_, response)| response["content"].as_object().into_iter().flatten());
        for (kind, media) in request.chain(replies) {
            let mut examples = examples(media);
            if kind == "text/event-stream" {
                examples = examples.iter().flat_map(events).collect();
            }
            if examples.is_empty() {
                complaints.push(format!("{}: a {kind} has no example", operation.place()));
            }
            let mut schema = media["schema"].clone();
            schema["components"] = operation.document["components"].clone();
            let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
            for example in examples {
                let errors = validator
                    .iter_errors(&example)
                    .map(|error| format!("{error} at {}", error.instance_path()));
                complaints.extend(
                    errors.map(|error| format!("{}: an example of {kind}: {error}", operation.place())),
                );
            }
        }
    }
    house::settle(complaints);
}

fn examples(media: &Value) -> Vec<Value> {
    let several =
        media["examples"].as_object().into_iter().flatten().map(|(_, example)| example["value"].clone());
    media.get("example").cloned().into_iter().chain(several).collect()
}

/// The events of a stream that is shown as text, each as the fields of its lines.
fn events(stream: &Value) -> Vec<Value> {
    let fields = |event: &str| {
        event
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .map(|(k, v)| (k.to_owned(), v.into()))
            .collect()
    };
    stream.as_str().unwrap().trim().split("\n\n").map(|event| Value::Object(fields(event))).collect()
}

#[test]
fn show_what_callbacks_carry() {
    let document = house::yaml(Contract::Jobs.document());
    for (name, webhook) in document["webhooks"].as_object().unwrap() {
        let media = &webhook["post"]["requestBody"]["content"]["application/json"];
        let mut schema = media["schema"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        let examples = examples(media);
        assert!(!examples.is_empty(), "{name} has no example");
        for example in examples {
            assert!(validator.is_valid(&example), "{name}: its example does not fit its schema");
        }
    }
    // One attempt more, and the document would be wrong.
    let most = &document["components"]["schemas"]["Callback"]["properties"]["attempts"]["maxItems"];
    assert_eq!(*most, MAX_ATTEMPTS);
}

#[test]
fn show_problems_from_the_table() {
    for operation in operations().into_iter().filter(|operation| operation.route.contract == Contract::Videos)
    {
        for (status, response) in operation.responses() {
            for example in examples(&response["content"]["application/problem+json"]) {
                let title = example["title"].as_str().unwrap();
                let kind = ProblemKind::ALL.into_iter().find(|kind| kind.title() == title);
                let kind = kind.unwrap_or_else(|| {
                    panic!("{}: {status}: {title:?} is in no row of domain::problem", operation.place())
                });
                assert_eq!(example["status"], kind.status(), "{}: {title}", operation.place());
                assert_eq!(example["status"].to_string(), *status, "{}: {title}", operation.place());
                assert_eq!(example["type"], kind.type_uri(), "{}: {title}", operation.place());
            }
        }
    }
}

/// Every word of an enumeration is one that the domain's type reads.
#[test]
fn spell_the_words_of_the_domain() {
    fn words<T: DeserializeOwned>(contract: Contract, schema: &str) -> BTreeSet<String> {
        let document = house::yaml(contract.document());
        let listed = document["components"]["schemas"][schema]["enum"].as_array();
        let listed = listed.unwrap_or_else(|| panic!("{}: {schema} has no enum", contract.document()));
        for word in listed {
            let read = serde_json::from_value::<T>(word.clone());
            assert!(
                read.is_ok(),
                "{}: {schema} lists {word}, which the domain does not know",
                contract.document()
            );
        }
        listed.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    }
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    fn spelt<T: Serialize>(all: &[T]) -> BTreeSet<String> {
        let words = serde_json::to_value(all).unwrap();
        words.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    }
    words::<VideoStatus>(Contract::Videos, "VideoStatus");
    assert_eq!(words::<ProcessingMode>(Contract::Jobs, "ProcessingMode"), spelt(&ProcessingMode::ALL));
    assert_eq!(words::<JobSource>(Contract::Jobs, "JobSource"), spelt(&JobSource::ALL));
    let statuses: BTreeSet<String> = ApiVersion::ALL
        .into_iter()
        .flat_map(|version| JobStatus::ALL.map(|status| status.name(version).to_owned()))
        .collect();
    assert_eq!(words::<String>(Contract::Jobs, "JobStatus"), statuses);
    let versions = ApiVersion::ALL.map(ApiVersion::name);
    assert_eq!(words::<ApiVersion>(Contract::Jobs, "ApiVersion"), set(&versions));
    assert_eq!(words::<Stage>(Contract::Videos, "Stage"), set(&Stage::ALL.map(Stage::name)));
    assert_eq!(words::<Scope>(Contract::Jobs, "Scope"), set(&Scope::ALL.map(Scope::name)));
    let callback = CallbackStatus::ALL.map(CallbackStatus::name);
    assert_eq!(words::<CallbackStatus>(Contract::Jobs, "CallbackStatus"), set(&callback));
    assert_eq!(words::<CallbackEvent>(Contract::Jobs, "CallbackEvent"), spelt(&CallbackEvent::ALL));
    for contract in Contract::ALL {
        assert_eq!(words::<Plan>(contract, "Plan"), set(&Plan::ALL.map(Plan::name)));
    }
    for contract in Contract::ALL {
        assert_eq!(words::<FailureCode>(contract, "FailureCode"), spelt(&FailureCode::ALL));
    }
}
