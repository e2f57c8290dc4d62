//! A request's JSON, read into what an endpoint takes.
//!
//! What the parser says stays in the log: it speaks of this program's types. The caller reads which field is at fault,
//! by its path, and what belongs there.

use serde::de::{DeserializeOwned, IgnoredAny};

use crate::problem::Problem;

/// How the path of the whole body is spelt.
const ROOT: &str = ".";

/// The value that a body of JSON is.
///
/// # Errors
/// 400 for a body that does not fit.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    check_is_object(body)?;
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let said = error.inner().to_string();
        Problem::invalid(misfit(&error.path().to_string(), &said)).caused_by(said)
    })
}

/// Apart from what is in it: the parser calls it bad syntax too when a word is wanted and a number is there, and would
/// take a list for an object.
fn check_is_object(body: &[u8]) -> Result<(), Problem> {
    if body.trim_ascii().is_empty() {
        return Err(Problem::invalid("The body is empty. Send a JSON object."));
    }
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(body) {
        let detail = format!("The body is not JSON: see line {}, column {}.", error.line(), error.column());
        return Err(Problem::invalid(detail).caused_by(error));
    }
    if !body.trim_ascii().starts_with(b"{") {
        return Err(Problem::invalid("The body is not a JSON object. Send one."));
    }
    Ok(())
}

/// What is wrong with the field at `path`. Of what the parser said, only the contract's own words are passed on: names
/// of fields, and the words that a field takes.
fn misfit(path: &str, said: &str) -> String {
    let missing = said.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    match (missing, path) {
        (Some((name, _)), ROOT) => return format!("{name} is missing. Add it to the body."),
        (Some((name, _)), _) => return format!("{path}.{name} is missing. Add it to the body."),
        (None, _) => {}
    }
    // The last one: what comes before it may be the caller's own text.
    let expected = said.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
    match expected.rsplit_once(" at line ").map_or(expected, |(expected, _)| expected) {
        "a string" => format!("{path} must be a text."),
        "a boolean" => format!("{path} must be true or false."),
        "a sequence" => format!("{path} must be a list."),
        "u8" | "u16" | "u32" | "u64" | "i32" | "i64" => format!("{path} must be a whole number."),
        words if words.starts_with('`') || words.starts_with("one of `") => {
            format!("{path} must be {}.", words.replace('`', ""))
        }
        _ => {
            let field = if path == ROOT { "The body" } else { path };
            format!("{field} is not of the form that it must have. Its description is at /docs.")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;
    use crate::problem::Contract;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only whether they can be read counts")]
    struct Body {
        file_name: String,
        api_version: Option<domain::api_version::ApiVersion>,
        scopes: Option<Vec<domain::api_key::Scope>>,
        hours: Option<u32>,
        parts: Option<Vec<Part>>,
        loud: Option<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read counts")]
    struct Part {
        title: String,
    }

    /// What the caller reads, and what the log says.
    fn refused(body: &str) -> (String, String) {
        let problem = read::<Body>(body.as_bytes()).unwrap_err();
        let (shown, _) = problem.body(Contract::Jobs, "/", "r-1");
        (shown["error"].as_str().unwrap().to_owned(), problem.cause().unwrap_or_default().to_owned())
    }

    #[test]
    fn names_the_field_and_what_belongs_there() {
        for (body, sentence) in [
            ("", "The body is empty. Send a JSON object."),
            ("{\"fileName\":\n \"a.mp4\",}", "The body is not JSON: see line 2, column 10."),
            (r#"{"fileName": "a.mp4"} x"#, "The body is not JSON: see line 1, column 23."),
            (r#"["a.mp4"]"#, "The body is not a JSON object. Send one."),
            ("7", "The body is not a JSON object. Send one."),
            ("{}", "fileName is missing. Add it to the body."),
            (r#"{"fileName": 7}"#, "fileName must be a text."),
            (r#"{"fileName": null}"#, "fileName must be a text."),
            (r#"{"fileName": "a", "loud": "yes"}"#, "loud must be true or false."),
            (r#"{"fileName": "a", "hours": -1}"#, "hours must be a whole number."),
            (r#"{"fileName": "a", "scopes": "jobs:read"}"#, "scopes must be a list."),
            (r#"{"fileName": "a", "apiVersion": "1"}"#, "apiVersion must be 2026-02 or 2026-04."),
            (
                r#"{"fileName": "a", "scopes": ["jobs:read", "all"]}"#,
                "scopes[1] must be one of jobs:read, jobs:write, quota:read.",
            ),
            (
                r#"{"fileName": "a", "apiVersion": 7}"#,
                "apiVersion is not of the form that it must have. Its description is at /docs.",
            ),
            (r#"{"fileName": "a", "parts": [{}]}"#, "parts[0].title is missing. Add it to the body."),
        ] {
            assert_eq!(refused(body).0, sentence, "{body}");
        }
    }

    #[test]
    fn only_the_log_quotes_the_parser() {
        let (sentence, cause) = refused(r#"{"fileName": "a", "hours": "x, expected struct Secret"}"#);
        assert_eq!(sentence, "hours must be a whole number.");
        assert!(cause.contains("expected struct Secret"), "{cause}");
        for body in [r#"{"fileName": "a", "parts": [7]}"#, r#"{"fileName": {}}"#] {
            let (sentence, cause) = refused(body);
            assert!(!sentence.contains("struct") && !sentence.contains("expected"), "{body}: {sentence}");
            assert!(cause.contains("expected"), "{body}: {cause}");
        }
    }

    #[test]
    fn takes_what_fits() {
        let body: Value = read(br#" {"fileName": "a.mp4", "more": [1]} "#).unwrap();
        assert_eq!(body["fileName"], "a.mp4");
        assert_eq!(read::<Body>(br#"{"fileName": "a.mp4", "more": 1}"#).unwrap().file_name, "a.mp4");
    }
}
