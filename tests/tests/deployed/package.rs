//! Packages as `make package` and `make layers` make them, and what becomes of them when something is changed.

use std::fs;
use std::path::{Path, PathBuf};

/// A resource that never comes up, on AWS as in the emulator: it waits for a signal that nobody sends.
const NEVER_READY: &str = "
  NeverReadyHandle:
    Type: AWS::CloudFormation::WaitConditionHandle

  NeverReady:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: AFTER
    Properties:
      Handle: !Ref NeverReadyHandle
      Timeout: \"2\"
";

/// A folder with a package of this machine's architecture.
pub(crate) struct Package {
    folder: PathBuf,
}

impl Package {
    /// Everything that the template names by a path, by hard links: programs from where they were built. Layers are
    /// those that were made; where none were, there is something in their place, since the emulator gives functions the
    /// tools of this machine.
    pub(crate) fn link(root: &Path, folder: &Path) -> Self {
        let package = Self { folder: folder.to_owned() };
        let tree = package.tree();
        fs::create_dir_all(&tree).unwrap();
        let template = fs::read_to_string(root.join("template.yaml")).unwrap();
        for path in local_paths(&template) {
            let (from, to) = (root.join(path), tree.join(path));
            let layer = path.strip_prefix("target/layers/");
            let made = layer.map(|layer| root.join("target/layers").join(ARCHITECTURE).join(layer));
            let from = made.filter(|made| made.is_dir()).unwrap_or(from);
            if from.exists() {
                link(&from, &to);
            } else {
                assert!(layer.is_some(), "{} is missing: run `make build`", from.display());
                fs::create_dir_all(&to).unwrap();
                fs::write(to.join("not-made"), "").unwrap();
            }
        }
        fs::write(tree.join("template.yaml"), template).unwrap();
        package.link_ffmpeg();
        package
    }

    /// The variable that leads the commands to it.
    pub(crate) fn setting(&self) -> (&'static str, String) {
        self.folder_setting(&self.folder)
    }

    /// The variable that leads the commands to another folder.
    pub(crate) fn folder_setting(&self, folder: &Path) -> (&'static str, String) {
        ("PACKAGES", folder.display().to_string())
    }

    pub(crate) fn remove_ffmpeg(&self) {
        fs::remove_file(self.tree().join(FFMPEG)).unwrap();
    }

    pub(crate) fn link_ffmpeg(&self) {
        let at = self.tree().join(FFMPEG);
        if !at.exists() {
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            let path = std::env::var_os("PATH").unwrap();
            let mut programs = std::env::split_paths(&path).map(|folder| folder.join("ffmpeg"));
            fs::copy(programs.find(|program| program.is_file()).unwrap(), at).unwrap();
        }
    }

    /// The same with another build of one function: one that says another version.
    pub(crate) fn with_other_version(&self, function: &str, version: &str, other: &str) -> Self {
        assert_eq!(version.len(), other.len(), "it is written over the other one");
        let next = Self { folder: self.folder.with_extension(other) };
        link(&self.tree(), &next.tree());
        let bootstrap = next.tree().join("target/lambda").join(function).join("bootstrap");
        let mut program = fs::read(&bootstrap).unwrap();
        let (mut at, mut found) = (0, 0);
        while let Some(hit) = find(&program[at..], version.as_bytes()) {
            program[at + hit..][..version.len()].copy_from_slice(other.as_bytes());
            (at, found) = (at + hit + version.len(), found + 1);
        }
        assert!(found > 0, "{function} says no version");
        let mode = fs::metadata(&bootstrap).unwrap().permissions();
        // The link would lead to what was built.
        fs::remove_file(&bootstrap).unwrap();
        fs::write(&bootstrap, program).unwrap();
        fs::set_permissions(&bootstrap, mode).unwrap();
        next
    }

    /// The same with a resource that does not come up once that other one has.
    pub(crate) fn that_fails_after(self, resource: &str) -> Self {
        let file = self.tree().join("template.yaml");
        let template = fs::read_to_string(&file).unwrap();
        let (resources, outputs) = template.split_once("\nOutputs:").unwrap();
        let failing = NEVER_READY.replace("AFTER", resource);
        fs::remove_file(&file).unwrap();
        fs::write(&file, format!("{resources}\n{failing}\nOutputs:{outputs}")).unwrap();
        self
    }

    fn tree(&self) -> PathBuf {
        self.folder.join(ARCHITECTURE)
    }
}

const FFMPEG: &str = "target/layers/ffmpeg/bin/ffmpeg";
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };

/// The values of the properties that may be a path in the checkout.
fn local_paths(template: &str) -> impl Iterator<Item = &str> {
    template.lines().filter_map(|line| {
        let (name, value) = line.trim_start().split_once(": ")?;
        let path = value.split(" #").next()?.trim().trim_end_matches('/');
        let is_path =
            ["CodeUri", "ContentUri", "DefinitionUri"].contains(&name) && !path.starts_with(['!', '{']);
        is_path.then_some(path)
    })
}

fn link(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            link(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::hard_link(from, to).unwrap();
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
