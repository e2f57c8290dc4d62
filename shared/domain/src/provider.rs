//! Who describes, transcribes, embeds and answers: the operator's choice for each.

/// The name of a model, as its server knows it (`qwen3-vl:8b`, `global.amazon.nova-2-lite-v1:0`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model(pub String);

/// Who does one kind of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// This machine, with the programs and models that are installed on it.
    Builtin,
    /// AWS's own services; which models of Bedrock is a setting of each kind of work.
    Aws,
    /// A server that speaks OpenAI's protocol, with this model of its.
    OpenAi(Model),
}

impl Provider {
    /// By its name; `model` is the model of an OpenAI server, where one is set.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the name of the setting.
    pub fn named(name: &str, model: Option<&str>, model_setting: &str) -> Result<Self, String> {
        match (name, model) {
            ("builtin", _) => Ok(Self::Builtin),
            ("aws", _) => Ok(Self::Aws),
            ("openai", Some(model)) => Ok(Self::OpenAi(Model(model.to_owned()))),
            ("openai", None) => Err(format!("is openai, which needs a model: set {model_setting}")),
            (other, _) => Err(format!("must be builtin, aws or openai, not {other:?}")),
        }
    }
}

/// Who does what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Frames into descriptions.
    pub describe: Provider,
    /// Sound into a transcript.
    pub transcribe: Provider,
    /// Texts into vectors.
    pub embed: Provider,
    /// Evidence into answers.
    pub answer: Provider,
}

impl Choices {
    /// Whether anything is asked of a server that speaks OpenAI's protocol.
    pub fn ask_openai(&self) -> bool {
        [&self.describe, &self.transcribe, &self.embed, &self.answer].into_iter().any(|provider| {
            match provider {
                Provider::Builtin | Provider::Aws => false,
                Provider::OpenAi(_) => true,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_cannot_work_is_refused_by_the_setting_to_change() {
        let named = |name, model| Provider::named(name, model, "OPENAI_CHAT_MODEL");
        assert_eq!(named("builtin", Some("unused")), Ok(Provider::Builtin));
        assert_eq!(named("aws", None), Ok(Provider::Aws));
        assert_eq!(named("openai", Some("qwen3:8b")), Ok(Provider::OpenAi(Model("qwen3:8b".to_owned()))));
        assert!(named("openai", None).unwrap_err().contains("set OPENAI_CHAT_MODEL"));
        assert!(named("OpenAI", Some("m")).unwrap_err().contains("\"OpenAI\""));
    }
}
