//! The processes of a world's functions, as this machine has them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::World;

impl World {
    /// Kills every process of a function as the system does when memory runs out; answers how many there were.
    pub fn kill(&self, function: &str) -> usize {
        let found = self.processes(function);
        for id in &found {
            // It may have ended by itself meanwhile.
            let _ = std::process::Command::new("kill").arg("-9").arg(id).status();
        }
        found.len()
    }

    /// The ids of a function's processes, and of the programs that those run.
    pub fn processes(&self, function: &str) -> Vec<OsString> {
        let is_it = |process: &Path| {
            let Ok(environment) = std::fs::read(process.join("environ")) else { return false };
            let mut variables =
                environment.split(|byte| *byte == 0).filter_map(|v| std::str::from_utf8(v).ok());
            let (mut named, mut ours) = (false, false);
            for (name, value) in variables.by_ref().filter_map(|variable| variable.split_once('=')) {
                named |= name == "AWS_LAMBDA_FUNCTION_NAME" && value.contains(function);
                ours |= name == "AWS_ENDPOINT_URL" && value == self.aws_endpoint;
            }
            named && ours
        };
        let processes = std::fs::read_dir("/proc").expect("a Linux machine").flatten();
        let processes: Vec<PathBuf> = processes.map(|process| process.path()).collect();
        let mut found: Vec<&PathBuf> = processes.iter().filter(|process| is_it(process)).collect();
        // What they started is not told whose it is.
        let mut known = 0;
        while known < found.len() {
            let parent = found[known].file_name();
            let is_child = |process: &&PathBuf| parent_of(process).as_deref() == parent;
            let children: Vec<&PathBuf> = processes.iter().filter(is_child).collect();
            found.extend(children.into_iter().filter(|child| !found.contains(child)).collect::<Vec<_>>());
            known += 1;
        }
        found.into_iter().filter_map(|process| process.file_name()).map(OsStr::to_owned).collect()
    }
}

/// The id of the process that started another one.
fn parent_of(process: &Path) -> Option<OsString> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // After the name, which may have any characters, come the state and the parent.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1).map(OsString::from)
}
