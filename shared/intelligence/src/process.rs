//! Running a helper program: fed from memory, bounded in time, killed when nobody waits for it any more.

use std::{ffi::OsStr, io, process::Stdio, time::Duration};

use domain::program;
use thiserror::Error;
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// Why a helper program gave no output.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error("it is not installed")]
    Missing,
    #[error("it did not finish within {0:?} and was stopped")]
    TimedOut(Duration),
    #[error("it ended with {status}: {stderr}")]
    Failed { status: String, stderr: String },
    #[error("talking to it failed")]
    Io(#[from] io::Error),
}

/// A command of a helper program, which is told nothing of this process that it need not know.
pub(crate) fn command(named: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(named);
    command.env_clear().envs(program::environment(std::env::vars_os()));
    command
}

/// Runs `command` to its end with `stdin` as its whole input, and gives its standard output.
///
/// The child dies with the future, so a cancelled or timed-out caller leaves no process behind.
pub(crate) async fn run(mut command: Command, stdin: &[u8], limit: Duration) -> Result<Vec<u8>, RunError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RunError::Missing,
        _ => RunError::Io(error),
    })?;
    let mut input = child.stdin.take();
    let feed = async move {
        if let Some(input) = &mut input {
            // A program that ends without reading its input closes the pipe: its status tells the story.
            let _ = input.write_all(stdin).await;
        }
    };
    let both = async { tokio::join!(feed, child.wait_with_output()).1 };
    let output = timeout(limit, both).await.map_err(|_| RunError::TimedOut(limit))??;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        return Err(RunError::Failed { status: output.status.to_string(), stderr: last.to_owned() });
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn input_larger_than_a_pipe_comes_through() {
        let input = vec![7; 1 << 20];
        let printed = run(Command::new("cat"), &input, Duration::from_secs(10)).await.unwrap();
        assert_eq!(printed, input);
    }

    #[tokio::test]
    async fn programs_do_not_inherit_what_they_need_not_know() {
        // Cargo tells it to every test, as Lambda tells its credentials to every function.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let mut env = command("env");
        env.env("OWN", "1");
        let told = String::from_utf8(run(env, b"", Duration::from_secs(10)).await.unwrap()).unwrap();
        assert!(told.contains("PATH=") && told.contains("OWN=1") && !told.contains("CARGO"), "{told}");
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_stopped() {
        let mut command = Command::new("sleep");
        command.arg("60");
        let begun = Instant::now();
        let error = run(command, b"", Duration::from_millis(100)).await.err();
        assert!(matches!(error, Some(RunError::TimedOut(_))), "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_missing_program_is_told_from_a_failing_one() {
        let missing = run(Command::new("/no/such/program"), b"", Duration::from_secs(1)).await.err();
        assert!(matches!(missing, Some(RunError::Missing)), "{missing:?}");
        let failing = run(Command::new("false"), b"", Duration::from_secs(1)).await.err();
        assert!(matches!(failing, Some(RunError::Failed { .. })), "{failing:?}");
    }
}
