//! Time and ids come from one place each, as `shared/edge/README.md` says: what reads the clock is easy to find.

use std::path::{Path, PathBuf};

use crate::house;

/// What is called in one file alone, and that file.
const SOURCES: [(&str, &str); 3] = [
    ("Timestamp::now(", "shared/edge/src/clock.rs"),
    ("SystemTime::now(", "shared/edge/src/clock.rs"),
    ("Uuid::now_v7(", "shared/edge/src/ids.rs"),
];

/// All Rust files below a folder, but for those of tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = folders.iter().filter(|path| !path.ends_with("tests")).flat_map(|path| self::files(path));
    let is_code = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs")
    };
    files.into_iter().filter(is_code).chain(below).collect()
}

#[test]
fn time_and_ids_have_one_source() {
    let root = house::root();
    let mut complaints = vec![];
    for path in files(&root.join("shared")).into_iter().chain(files(&root.join("functions"))) {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let text = house::text(&file);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (call, source) in SOURCES {
            if code.contains(call) && file != source {
                complaints.push(format!("{file} calls {call}): only {source} does"));
            }
        }
    }
    house::settle(complaints);
}
