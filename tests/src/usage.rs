//! What the steps of the pipeline take of the machine while they run.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::world::World;

/// The steps, as the state machine calls them.
pub const STEPS: [&str; 7] = ["Download", "Plan", "Extract", "Join", "Describe", "Transcribe", "Index"];

/// Between two looks: shorter than any decode.
const PAUSE: Duration = Duration::from_millis(200);

/// The most that one call of a step took, with the programs that it runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Resident, in bytes.
    pub memory: u64,
    /// In open files, in bytes. Files that are there and not open are not seen.
    pub disk: u64,
}

/// A look at every process of the pipeline, several times a second.
pub struct Watch {
    is_over: Arc<AtomicBool>,
    looking: JoinHandle<BTreeMap<&'static str, Usage>>,
}

/// Begins to look.
pub fn watch(world: &'static World) -> Watch {
    let is_over = Arc::new(AtomicBool::new(false));
    let stop = is_over.clone();
    let looking = thread::spawn(move || {
        let mut most = BTreeMap::<&str, Usage>::new();
        while !stop.load(Ordering::Relaxed) {
            for step in STEPS {
                let seen = most.entry(step).or_default();
                for now in calls(world, step) {
                    seen.memory = seen.memory.max(now.memory);
                    seen.disk = seen.disk.max(now.disk);
                }
            }
            thread::sleep(PAUSE);
        }
        most
    });
    Watch { is_over, looking }
}

impl Watch {
    /// Ends looking; the most that a call of each step took.
    pub fn stop(self) -> BTreeMap<&'static str, Usage> {
        self.is_over.store(true, Ordering::Relaxed);
        self.looking.join().expect("no panic")
    }
}

/// What each running process of a step takes now, together with those that it started.
fn calls(world: &World, step: &str) -> Vec<Usage> {
    let processes = world.processes(&format!("Pipeline{step}"));
    let ids: Vec<PathBuf> = processes.iter().map(|id| Path::new("/proc").join(id)).collect();
    let mut trees = BTreeMap::<PathBuf, (u64, BTreeMap<u64, u64>)>::new();
    for process in &ids {
        // A program that a function runs inherits its environment, so that both are among these.
        let parent = parent(process).filter(|parent| ids.contains(parent));
        let tree = trees.entry(parent.unwrap_or_else(|| process.clone())).or_default();
        tree.0 += resident(process);
        tree.1.extend(open_files(process));
    }
    trees.into_values().map(|(memory, files)| Usage { memory, disk: files.into_values().sum() }).collect()
}

fn status(process: &Path, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn parent(process: &Path) -> Option<PathBuf> {
    status(process, "PPid:").map(|id| Path::new("/proc").join(id.to_string()))
}

fn resident(process: &Path) -> u64 {
    status(process, "VmRSS:").unwrap_or_default() * 1024
}

/// Lengths of the temporary files that are open, by inode: a step and its programs read the same.
fn open_files(process: &Path) -> BTreeMap<u64, u64> {
    let files = std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    let temporary = files.filter(|file| {
        let target = std::fs::read_link(file.path()).unwrap_or_default();
        target.components().any(|part| part.as_os_str() == "tmp")
    });
    let lengths = temporary.filter_map(|file| std::fs::metadata(file.path()).ok()).filter(|it| it.is_file());
    lengths.map(|file| (file.ino(), file.len())).collect()
}
