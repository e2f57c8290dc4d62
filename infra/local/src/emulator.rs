//! The emulator's process: started on loopback alone, stopped so that it saves its state, never left behind.

use crate::error::StackError;
use crate::options::StackOptions;
use crate::wire::{self, HttpClient};
use http::Request;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Prefixes of variables that would steer the emulator or the functions' SDK behind the stack's back.
const NOT_INHERITED: [&str; 8] =
    ["AWS_", "MINISTACK_", "LOCALSTACK_", "LAMBDA_", "SFN_", "DOCKER_", "PYTHON", "LOCAL_"];

pub(crate) struct Emulator {
    child: Child,
    endpoint: String,
    /// What the emulator's process sees, and therefore what a function sees before its own variables.
    environment: Vec<(String, String)>,
}

impl Emulator {
    /// Starts the emulator with the data of last time and waits until it answers.
    pub(crate) async fn start(options: &StackOptions, http: &HttpClient) -> Result<Self, StackError> {
        let python = options.python();
        if !python.exists() {
            return Err(StackError::VenvMissing(python));
        }
        let port = choose_port(&options.state("emulator.port"))?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let environment = environment(options, port, &endpoint)?;
        let log = options.state("logs/emulator.log");
        let script = options.state("emulator.py");
        fs::write(&script, include_str!("emulator.py")).map_err(StackError::file(&script))?;
        let child = spawn(&python, &script, &log, &environment)?;
        let mut emulator = Self { child, endpoint, environment };
        emulator.wait_until_ready(http, log).await?;
        Ok(emulator)
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Asks it to save its state and end; kills it if it has not after a minute.
    pub(crate) async fn stop(mut self) -> Result<(), StackError> {
        drop(self.child.stdin.take());
        if timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            self.child.kill().await.map_err(StackError::io("the emulator"))?;
        }
        Ok(())
    }

    async fn wait_until_ready(&mut self, http: &HttpClient, log: PathBuf) -> Result<(), StackError> {
        let started = Instant::now();
        loop {
            if self.answers(http).await {
                return Ok(());
            }
            let ended = self.child.try_wait().map_err(StackError::io("the emulator"))?;
            if let Some(status) = ended {
                return Err(StackError::Emulator { reason: format!("it ended with {status}"), log });
            }
            if started.elapsed() > START_LIMIT {
                let reason = format!("it did not answer within {} s", START_LIMIT.as_secs());
                return Err(StackError::Emulator { reason, log });
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn answers(&self, http: &HttpClient) -> bool {
        let request = Request::get(format!("{}/_ministack/health", self.endpoint)).body(wire::full(""));
        match request {
            Ok(request) => http.request(request).await.is_ok_and(|answer| answer.status().is_success()),
            Err(_) => false,
        }
    }
}

/// The same port as last time where it is free, since presigned URLs and queue URLs carry it.
fn choose_port(memory: &Path) -> Result<u16, StackError> {
    let last = fs::read_to_string(memory).ok().and_then(|text| text.trim().parse::<u16>().ok());
    let listener = last
        .and_then(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
        .map_or_else(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)), Ok)
        .map_err(StackError::io("a free port"))?;
    let port = listener.local_addr().map_err(StackError::io("a free port"))?.port();
    fs::write(memory, port.to_string()).map_err(StackError::file(memory))?;
    Ok(port)
}

fn environment(
    options: &StackOptions,
    port: u16,
    endpoint: &str,
) -> Result<Vec<(String, String)>, StackError> {
    // Everything unpacked or left behind by functions lives here, and goes at the next start.
    let scratch = options.state("tmp");
    match fs::remove_dir_all(&scratch) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StackError::file(&scratch)(error));
        }
        _ => {}
    }
    fs::create_dir_all(&scratch).map_err(StackError::file(&scratch))?;

    let inherited =
        std::env::vars().filter(|(name, _)| !NOT_INHERITED.iter().any(|prefix| name.starts_with(prefix)));
    let no_proxy = std::env::var("NO_PROXY").map_or_else(|_| String::new(), |more| format!(",{more}"));
    let own = [
        ("NO_PROXY", format!("localhost,127.0.0.1,::1{no_proxy}")),
        ("BIND_HOST", "127.0.0.1".to_owned()),
        ("GATEWAY_PORT", port.to_string()),
        ("MINISTACK_HOST", "127.0.0.1".to_owned()),
        ("MINISTACK_REGION", crate::aws::REGION.to_owned()),
        // Enforces each function's role, so that a missing permission fails here and not on AWS.
        ("AUTH", "true".to_owned()),
        ("PERSIST_STATE", "1".to_owned()),
        ("STATE_DIR", options.state("data/state").display().to_string()),
        ("S3_PERSIST", "1".to_owned()),
        ("S3_DATA_DIR", options.state("data/s3").display().to_string()),
        ("TMPDIR", scratch.display().to_string()),
        // Listeners and a container engine that nothing here uses.
        ("IOT_MTLS_ENABLED", "0".to_owned()),
        ("SFTP_ENABLED", "0".to_owned()),
        ("DOCKER_HOST", "unix:///nonexistent".to_owned()),
        // Functions inherit it: how their SDK finds the emulator.
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
    ];
    Ok(inherited
        .chain(own.map(|(name, value)| (name.to_owned(), value)))
        .chain(options.env.iter().cloned())
        .collect())
}

fn spawn(
    python: &Path,
    script: &Path,
    log: &Path,
    environment: &[(String, String)],
) -> Result<Child, StackError> {
    let log_file = File::create(log).map_err(StackError::file(log))?;
    let log_too = log_file.try_clone().map_err(StackError::file(log))?;
    Command::new(python)
        .arg(script)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(log_file)
        .stderr(log_too)
        // Ctrl-C in the terminal is for the stack, which then stops the emulator in order.
        .process_group(0)
        .spawn()
        .map_err(StackError::file(python))
}
