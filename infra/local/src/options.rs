use std::path::{Path, PathBuf};

/// Variables of whoever starts a stack, and the parameters of the template that they set.
const PARAMETERS: [(&str, &str); 16] = [
    // Stripe's own does not know the local key.
    ("LOCAL_STRIPE_URL", "StripeApiUrl"),
    ("RAW_COMMANDS", "RawCommands"),
    ("DESCRIBE_PROVIDER", "DescribeProvider"),
    ("TRANSCRIBE_PROVIDER", "TranscribeProvider"),
    ("EMBED_PROVIDER", "EmbedProvider"),
    ("ANSWER_PROVIDER", "AnswerProvider"),
    ("BEDROCK_REGION", "BedrockRegion"),
    ("BEDROCK_VISION_MODEL", "BedrockVisionModel"),
    ("BEDROCK_EMBED_MODEL", "BedrockEmbedModel"),
    ("BEDROCK_CHAT_MODEL", "BedrockChatModel"),
    ("DETECT_LABELS", "DetectLabels"),
    ("OPENAI_BASE_URL", "OpenAiBaseUrl"),
    ("OPENAI_VISION_MODEL", "OpenAiVisionModel"),
    ("OPENAI_TRANSCRIBE_MODEL", "OpenAiTranscribeModel"),
    ("OPENAI_EMBED_MODEL", "OpenAiEmbedModel"),
    ("OPENAI_CHAT_MODEL", "OpenAiChatModel"),
];

/// The same, of secrets: variables with a secret's text, and the parameters that name it.
const SECRETS: [(&str, &str); 2] =
    [("YOUTUBE_PROXY", "YouTubeProxyArn"), ("YOUTUBE_COOKIES", "YouTubeCookiesArn")];

/// What a local stack needs to know before it starts.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The checkout: where `template.yaml`, `target/lambda/` and `.local/venv/` are.
    pub root: PathBuf,
    /// Where this stack keeps its data, keys and logs. One running stack per directory.
    pub state_dir: PathBuf,
    /// The port of the front on localhost; 0 picks a free one.
    pub port: u16,
    /// Parameters of the template that have another value than their default, or than the stack would give them.
    pub parameters: Vec<(&'static str, String)>,
    /// Texts of secrets, by the parameter that names the secret. They are put into the emulator's Secrets Manager under
    /// `local/` and that name.
    pub secrets: Vec<(&'static str, String)>,
    /// Settings that only a local stack has, such as `LOCAL_FETCH_ALLOW`. The emulator and every function
    /// see them in their environment; the template has no such parameter.
    pub env: Vec<(String, String)>,
    /// Say nothing on standard error while building up.
    pub quiet: bool,
}

impl StackOptions {
    /// The stack of a checkout: state in `.local/`, the front on `port`, and the caller's own `LOCAL_…`
    /// variables passed on, and those that set parameters of the template.
    pub fn of_checkout(root: PathBuf, port: u16) -> Self {
        let env = std::env::vars().filter(|(name, _)| name.starts_with("LOCAL_")).collect();
        let of_variable = |(variable, name)| Some((name, std::env::var(variable).ok()?));
        let parameters = PARAMETERS.into_iter().filter_map(of_variable).collect();
        let secrets = SECRETS.into_iter().filter_map(of_variable).collect();
        Self { state_dir: root.join(".local"), root, port, parameters, secrets, env, quiet: false }
    }

    pub(crate) fn python(&self) -> PathBuf {
        self.root.join(".local/venv/bin/python")
    }

    pub(crate) fn template(&self) -> PathBuf {
        self.root.join("template.yaml")
    }

    pub(crate) fn state(&self, name: impl AsRef<Path>) -> PathBuf {
        self.state_dir.join(name)
    }

    /// One line of progress for whoever waits.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            eprintln!("  {line}");
        }
    }
}
