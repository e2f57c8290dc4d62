//! The server of the provider `openai`.

use std::num::NonZeroU32;

use url::Url;

use super::{ConfigError, SecretArn};

/// OpenAI's own.
const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

/// A server that speaks OpenAI's protocol.
#[derive(Debug, Clone)]
pub struct OpenAi {
    /// What its endpoints' paths are appended to: `https://api.openai.com/v1`, `http://localhost:11434/v1`.
    pub base_url: Url,
    /// What it is called with; none for a server that asks for none.
    pub api_key: SecretArn,
    /// The length that its vectors are cut to; none for the model's own.
    pub embed_dimensions: Option<NonZeroU32>,
}

impl OpenAi {
    pub(super) fn of(
        base_url: Option<String>,
        api_key: SecretArn,
        embed_dimensions: Option<String>,
    ) -> Result<Self, ConfigError> {
        let base_url = base_url.as_deref().unwrap_or(DEFAULT_BASE_URL).parse::<Url>().ok();
        let base_url = base_url.filter(|url| matches!(url.scheme(), "http" | "https"));
        // What was given is not repeated: a URL may carry a password.
        let wrong = |problem: &str| ConfigError { variable: "OPENAI_BASE_URL", problem: problem.to_owned() };
        let base_url = base_url.ok_or_else(|| {
            wrong("must be a URL that starts with http:// or https://, such as http://localhost:11434/v1")
        })?;
        if !base_url.username().is_empty() || base_url.password().is_some() {
            // It would be in the template's parameters, for everybody to read who may describe the stack.
            return Err(wrong(
                "must have no user and no password before its host; put the server's key into the secret that OPENAI_API_KEY_ARN names",
            ));
        }
        let embed_dimensions = embed_dimensions.map(|text| text.trim().parse()).transpose();
        let embed_dimensions = embed_dimensions.map_err(|_| ConfigError {
            variable: "OPENAI_EMBED_DIMENSIONS",
            problem: "must be a number of 1 or more, or empty for the model's own".to_owned(),
        })?;
        Ok(Self { base_url, api_key, embed_dimensions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(base_url: Option<&str>, dimensions: Option<&str>) -> Result<OpenAi, String> {
        OpenAi::of(base_url.map(str::to_owned), None, dimensions.map(str::to_owned))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn settings_that_are_left_out_are_openais_own() {
        let openai = of(None, None).unwrap();
        assert_eq!((openai.base_url.as_str(), openai.embed_dimensions), (DEFAULT_BASE_URL, None));
    }

    #[test]
    fn settings_that_do_not_parse_are_named_and_not_repeated() {
        for url in ["localhost:11434/v1", "/v1", "ftp://me:secret@host/"] {
            let error = of(Some(url), None).unwrap_err();
            assert!(error.starts_with("OPENAI_BASE_URL must") && !error.contains("secret"), "{error}");
        }
        for url in ["https://me:secret@host/v1", "https://secret@host/v1", "http://:secret@host/v1"] {
            let error = of(Some(url), None).unwrap_err();
            assert!(error.starts_with("OPENAI_BASE_URL must have no user"), "{error}");
            assert!(error.contains("OPENAI_API_KEY_ARN") && !error.contains("secret@"), "{error}");
        }
        for dimensions in ["0", "-1", "many"] {
            assert!(of(None, Some(dimensions)).unwrap_err().starts_with("OPENAI_EMBED_DIMENSIONS must"));
        }
        assert_eq!(of(None, Some(" 256 ")).unwrap().embed_dimensions.map(NonZeroU32::get), Some(256));
    }
}
