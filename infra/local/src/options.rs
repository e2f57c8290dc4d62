use std::path::{Path, PathBuf};

/// What a local stack needs to know before it starts.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The checkout: where `template.yaml`, `target/lambda/` and `.local/venv/` are.
    pub root: PathBuf,
    /// Where this stack keeps its data, keys and logs. One running stack per directory.
    pub state_dir: PathBuf,
    /// The port of the front on localhost; 0 picks a free one.
    pub port: u16,
    /// Where Stripe's API is for this stack, when somebody plays it. Stripe's own does not know the local key.
    pub stripe_url: Option<String>,
    /// The programs that make proxies of camera RAW, as the template's `RawCommands` takes them.
    pub raw_commands: Option<String>,
    /// Settings that only a local stack has, such as `LOCAL_FETCH_ALLOW`. The emulator and every function
    /// see them in their environment; the template has no such parameter.
    pub env: Vec<(String, String)>,
    /// Say nothing on standard error while building up.
    pub quiet: bool,
}

impl StackOptions {
    /// The stack of a checkout: state in `.local/`, the front on `port`, and the caller's own `LOCAL_…`
    /// variables and `RAW_COMMANDS` passed on.
    pub fn of_checkout(root: PathBuf, port: u16) -> Self {
        let env = std::env::vars().filter(|(name, _)| name.starts_with("LOCAL_")).collect();
        let stripe_url = std::env::var("LOCAL_STRIPE_URL").ok();
        let raw_commands = std::env::var("RAW_COMMANDS").ok();
        Self { state_dir: root.join(".local"), root, port, stripe_url, raw_commands, env, quiet: false }
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
