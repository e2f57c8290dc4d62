//! `local up` runs the stack until it is interrupted; `local token` prints a session token.
#![expect(clippy::print_stdout, reason = "what this program prints is its result")]

use lexopt::prelude::*;
use local::{Issuer, Stack, StackError, StackFile, StackOptions};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: local up [--port PORT]\n       local token [--name NAME] [--plan PLAN]";
const DEFAULT_PORT: u16 = 8000;

enum Command {
    Up { port: u16 },
    Token { name: String, plan: Option<String> },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match parse() {
        Ok(Command::Up { port }) => up(port).await,
        Ok(Command::Token { name, plan }) => token(&name, plan.as_deref()).await,
        Err(error) => Err(format!("{error}\n{USAGE}").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse() -> Result<Command, lexopt::Error> {
    let mut arguments = lexopt::Parser::from_env();
    let Some(Value(verb)) = arguments.next()? else { return Err("say what to do".into()) };
    let mut command = match verb.to_str() {
        Some("up") => Command::Up { port: DEFAULT_PORT },
        Some("token") => Command::Token { name: "dev".to_owned(), plan: None },
        _ => return Err(Value(verb).unexpected()),
    };
    while let Some(argument) = arguments.next()? {
        match (&mut command, argument) {
            (Command::Up { port }, Long("port")) => *port = arguments.value()?.parse()?,
            (Command::Token { name, .. }, Long("name")) => *name = arguments.value()?.string()?,
            (Command::Token { plan, .. }, Long("plan")) => *plan = Some(arguments.value()?.string()?),
            (Command::Up { .. } | Command::Token { .. }, other) => return Err(other.unexpected()),
        }
    }
    Ok(command)
}

async fn up(port: u16) -> Result<(), Box<dyn Error>> {
    let options = StackOptions::of_checkout(checkout()?, port);
    let stack_file = options.state_dir.join("stack.json");
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let interrupted = async {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, _ = hang_up.recv() => {} }
    };
    tokio::pin!(interrupted);

    let stack = tokio::select! {
        stack = Stack::start(options) => stack?,
        () = &mut interrupted => return Ok(()),
    };
    let file = stack.describe().await?;
    file.write(&stack_file)?;
    println!("{}", banner(&file));
    interrupted.await;
    eprintln!("\n  stopping; the data stays for the next start");
    stack.stop().await?;
    Ok(())
}

fn banner(file: &StackFile) -> String {
    let StackFile { url, jobs_url, session_token, api_key, .. } = file;
    format!(
        "\n  FrameIQ runs on {url}   (Ctrl-C stops it; also in .local/stack.json)\n\n  \
         session token  {session_token}\n  \
         API key        {api_key}\n\n  \
         curl -H 'X-API-Key: {api_key}' {jobs_url}/quota\n"
    )
}

async fn token(name: &str, plan: Option<&str>) -> Result<(), Box<dyn Error>> {
    let state = checkout()?.join(".local");
    let file = StackFile::read(&state.join("stack.json"))
        .map_err(|_| "no local stack has run in this checkout: start one with `make run`")?;
    if let Some(plan) = plan {
        file.set_plan(name, plan).await?;
    }
    println!("{}", Issuer::open(&state.join("issuer.pem"), &file.url)?.token(name)?);
    Ok(())
}

/// The nearest directory upwards that has a `template.yaml`.
fn checkout() -> Result<PathBuf, StackError> {
    let here = std::env::current_dir()
        .map_err(|source| StackError::Io { what: "the current directory".to_owned(), source })?;
    let found = here.ancestors().find(|directory| directory.join("template.yaml").is_file());
    found.map(PathBuf::from).ok_or_else(|| StackError::Template("run this inside a checkout".to_owned()))
}
