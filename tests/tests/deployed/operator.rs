//! Somebody at a terminal with credentials of the emulator's account, who is not there to answer questions.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A stage of samconfig.toml.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stage {
    Dev,
    Prod,
}

pub(crate) struct Operator {
    root: PathBuf,
    endpoint: String,
    environment: Vec<(&'static str, String)>,
}

/// What a command said, and whether it succeeded.
#[derive(Debug)]
pub(crate) struct Said {
    succeeded: bool,
    text: String,
}

impl Stage {
    pub(crate) fn stack(self) -> &'static str {
        match self {
            Self::Dev => "frameiq-dev",
            Self::Prod => "frameiq-prod",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Prod => "prod",
        }
    }
}

impl Operator {
    pub(crate) fn new(root: &Path, endpoint: &str) -> Self {
        let environment = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("NO_PROXY", "localhost,127.0.0.1,::1"),
        ];
        let environment = environment.map(|(name, value)| (name, value.to_owned())).into();
        Self { root: root.to_owned(), endpoint: endpoint.to_owned(), environment }
    }

    /// The same, to whom nobody gave a key.
    pub(crate) fn without_credentials(&self) -> Self {
        // Neither a file of this machine nor the machine itself.
        let none = [
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        let mut environment = none.map(|(name, value)| (name, value.to_owned())).to_vec();
        environment.push(("AWS_REGION", "us-east-1".to_owned()));
        Self { root: self.root.clone(), endpoint: self.endpoint.clone(), environment }
    }

    /// The same with more in the environment.
    pub(crate) fn with(&self, more: &[(&'static str, &str)]) -> Self {
        let mut environment = self.environment.clone();
        environment.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { root: self.root.clone(), endpoint: self.endpoint.clone(), environment }
    }

    /// `make TARGET STAGE=…` with settings on its command line, and nobody at the keyboard.
    pub(crate) fn run(&self, stage: Stage, target: &str, settings: &[(&str, String)]) -> Said {
        let mut command = Command::new("make");
        command.args(["--silent", target, &format!("STAGE={}", stage.name())]);
        // What make reads of a `$` is its own variable.
        command.args(settings.iter().map(|(name, value)| format!("{name}={}", value.replace('$', "$$"))));
        self.finish(command)
    }

    /// Puts one function's program in place of the deployed one, with cargo-lambda.
    pub(crate) fn refresh(&self, stage: Stage, function: &str, bin: &str) {
        let deployed = self.function(stage, function);
        let name = deployed["FunctionName"].as_str().unwrap();
        let mut command = Command::new(self.root.join(".local/venv/bin/cargo-lambda"));
        command.args(["lambda", "deploy", "--endpoint-url", &self.endpoint, "--lambda-dir", "target/lambda"]);
        command.args(["--binary-name", bin, name]);
        self.finish(command).succeeded();
    }

    /// The state of the stage's stack.
    pub(crate) fn status(&self, stage: Stage) -> String {
        let stack = &self.aws("cloudformation.describe_stacks", &[("StackName", stage.stack())])["Stacks"][0];
        stack["StackStatus"].as_str().unwrap().to_owned()
    }

    /// A parameter that the stack was deployed with.
    pub(crate) fn parameter(&self, stage: Stage, name: &str) -> String {
        let stacks = self.aws("cloudformation.describe_stacks", &[("StackName", stage.stack())]);
        let parameters = stacks["Stacks"][0]["Parameters"].as_array().unwrap();
        let parameter = parameters.iter().find(|parameter| parameter["ParameterKey"] == name).unwrap();
        parameter["ParameterValue"].as_str().unwrap().to_owned()
    }

    /// A variable of a deployed function, by the function's name in the template.
    pub(crate) fn variable(&self, stage: Stage, function: &str, name: &str) -> String {
        self.function(stage, function)["Environment"]["Variables"][name].as_str().unwrap().to_owned()
    }

    /// Reserves concurrency for a function.
    pub(crate) fn reserve(&self, stage: Stage, function: &str, executions: &str) {
        let deployed = self.function(stage, function);
        let name = deployed["FunctionName"].as_str().unwrap();
        let asked = [("FunctionName", name), ("ReservedConcurrentExecutions", executions)];
        self.aws("lambda.put_function_concurrency", &asked);
    }

    /// Names of the schedules that sweep.
    pub(crate) fn sweeps(&self) -> Vec<String> {
        let schedules = self.aws("scheduler.list_schedules", &[]);
        let names = schedules["Schedules"].as_array().unwrap().iter();
        let names = names.filter_map(|schedule| schedule["Name"].as_str());
        names.filter(|name| name.contains("UpkeepSweep")).map(str::to_owned).collect()
    }

    fn function(&self, stage: Stage, function: &str) -> Value {
        let asked = [("StackName", stage.stack()), ("LogicalResourceId", function)];
        let resource = self.aws("cloudformation.describe_stack_resource", &asked);
        let name = resource["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap();
        self.aws("lambda.get_function_configuration", &[("FunctionName", name)])
    }

    /// A call of boto3's, as `service.operation`.
    fn aws(&self, call: &str, arguments: &[(&str, &str)]) -> Value {
        const SCRIPT: &str = "import boto3, json, sys
service, operation = sys.argv[1].split('.')
pairs = (pair.split('=', 1) for pair in sys.argv[2:])
arguments = {name: int(value) if value.isdecimal() else value for name, value in pairs}
answer = getattr(boto3.client(service), operation)(**arguments)
print(json.dumps(answer, default=str))";
        let mut command = Command::new(self.root.join(".local/venv-deploy/bin/python"));
        command
            .args(["-c", SCRIPT, call])
            .args(arguments.iter().map(|(name, value)| format!("{name}={value}")));
        serde_json::from_str(&self.finish(command).succeeded()).unwrap()
    }

    fn finish(&self, mut command: Command) -> Said {
        for (name, _) in std::env::vars_os() {
            // Of whoever runs the tests, or of cargo's own make.
            if name.to_str().is_some_and(|name| name.starts_with("AWS_") || name.starts_with("MAKE")) {
                command.env_remove(&name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let output = command.current_dir(&self.root).stdin(Stdio::null()).output().unwrap();
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Said { succeeded: output.status.success(), text }
    }
}

impl Said {
    pub(crate) fn succeeded(self) -> String {
        assert!(self.succeeded, "{}", self.text);
        self.text
    }

    /// What it said; one line for whoever reads it, and no traceback.
    pub(crate) fn failed(self) -> String {
        assert!(!self.succeeded, "{}", self.text);
        assert!(!self.text.contains("Traceback"), "{}", self.text);
        self.text
    }
}
