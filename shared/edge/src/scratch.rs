//! The folder that a process of the pipeline writes temporary files to.
//!
//! A sandbox of Lambda keeps its disk when the process in it is killed because its time or its memory was over, and the next
//! process finds there what that one left. Locally all functions share one folder. So each process has a folder of its own,
//! which it keeps locked for as long as it lives: what nobody has locked belongs to nobody any more. The system lets go of
//! a lock however a process ends, and no number of a process that another one has by now is mistaken for it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Folders of this kind begin with it.
const PREFIX: &str = "frameiq-";
/// So often a folder may be taken away by somebody who clears up, between its making and its locking.
const TRIES: usize = 20;

/// This process's folder.
pub(crate) struct Scratch {
    folder: PathBuf,
    /// Held while the process lives. Programs that it starts do not inherit it.
    _lock: File,
}

impl Scratch {
    /// Makes a folder in the system's one for temporary files, which everything that this process makes with `tempfile`
    /// goes into, and removes what dead processes left there. Without one the process can still do what needs none.
    pub(crate) fn of_process() -> Option<Self> {
        let root = std::env::temp_dir();
        match Self::claim(&root) {
            Ok(scratch) => {
                if tempfile::env::override_temp_dir(&scratch.folder).is_err() {
                    tracing::warn!("temporary files have a folder already");
                }
                Some(scratch)
            }
            Err(error) => {
                tracing::warn!(folder = %root.display(), %error, "no folder for temporary files");
                None
            }
        }
    }

    fn claim(root: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(root)?.keep();
            if let Some(lock) = lock(&folder)? {
                sweep(root);
                return Ok(Self { folder, _lock: lock });
            }
        }
        Err(io::Error::other("every folder that was made was taken away at once"))
    }

    /// Removes what an earlier invocation of this process left. To be called when none is under way.
    pub(crate) fn clear(&self) {
        let cleared = fs::read_dir(&self.folder).and_then(|entries| {
            for entry in entries {
                let entry = entry?;
                let is_folder = entry.file_type()?.is_dir();
                let path = entry.path();
                if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) }?;
            }
            Ok(())
        });
        if let Err(error) = cleared {
            tracing::warn!(folder = %self.folder.display(), %error, "temporary files not cleared");
        }
    }
}

/// Locks a folder; `None` when somebody else has it, or it is gone.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file = match File::open(folder) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Whoever held it may have removed it before letting go.
    let is_there =
        fs::metadata(folder).is_ok_and(|now| file.metadata().is_ok_and(|ours| now.ino() == ours.ino()));
    Ok(is_there.then_some(file))
}

/// Removes the folders that nobody has locked. One that cannot be removed, because another user made it, stays.
fn sweep(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        // Held until it is gone: nobody begins to use what is being removed.
        if let Ok(Some(_lock)) = lock(&entry.path())
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(folder = %entry.path().display(), %error, "leftovers not removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::process::Command;

    use super::*;

    fn claim(root: &Path) -> Scratch {
        let scratch = Scratch::claim(root).unwrap();
        fs::create_dir(scratch.folder.join("deep")).unwrap();
        fs::write(scratch.folder.join("deep/file"), "x").unwrap();
        scratch
    }

    #[test]
    fn leavings_of_the_dead_are_removed_and_running_neighbours_keep_theirs() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("somebody-else")).unwrap();
        fs::write(root.path().join("frameiq-file"), "x").unwrap();
        let (dead, neighbour) = (claim(root.path()), claim(root.path()));
        let left = dead.folder.clone();
        // A program that outlives the process that started it holds no lock for it.
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        drop(dead);
        assert!(left.join("deep/file").exists(), "a process that is killed removes nothing");
        let mut ours = Scratch::claim(root.path()).unwrap();
        // Another test's child, between fork and exec, holds copies of all locks for a moment.
        for _ in 0..100 {
            if !left.exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
            ours = Scratch::claim(root.path()).unwrap();
        }
        assert!(!left.exists() && ours.folder.exists());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(neighbour.folder.join("deep/file").exists());
        assert!(root.path().join("somebody-else").exists() && root.path().join("frameiq-file").exists());
    }

    #[test]
    fn an_invocation_begins_with_an_empty_folder() {
        let root = tempfile::tempdir().unwrap();
        let (ours, neighbour) = (claim(root.path()), claim(root.path()));
        fs::write(ours.folder.join("file"), "x").unwrap();
        ours.clear();
        assert_eq!(fs::read_dir(&ours.folder).unwrap().count(), 0);
        assert!(neighbour.folder.join("deep/file").exists());
    }

    #[test]
    fn those_who_start_at_once_do_not_take_each_others_folder_away() {
        let root = tempfile::tempdir().unwrap();
        let held: Vec<Scratch> = std::thread::scope(|scope| {
            let claims: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..40).map(|_| claim(root.path())).collect::<Vec<_>>()))
                .collect();
            claims.into_iter().flat_map(|claims| claims.join().unwrap()).collect()
        });
        let folders: HashSet<&Path> = held.iter().map(|scratch| scratch.folder.as_path()).collect();
        assert_eq!(folders.len(), 320);
        assert!(folders.iter().all(|folder| folder.join("deep/file").exists()));
    }
}
