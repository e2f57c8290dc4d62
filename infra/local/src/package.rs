//! What `sam package` does: puts the code that the template names by a local path into S3, and names it by
//! its S3 URL instead. The rest of the template stays as it is, character for character.

use crate::aws::{AnyNamespace, Aws};
use crate::error::StackError;
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use http::Method;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

const BUCKET: &str = "local-artifacts";
/// Properties whose value may be a path in the checkout.
const PROPERTIES: [&str; 3] = ["CodeUri", "ContentUri", "DefinitionUri"];
/// What `make layers` makes. It stays where it is: the local stack's `ToolsRoot` is a folder of this machine, with which
/// the template makes no layers.
const LAYERS: &str = "target/layers/";
/// Packaging is half computing (zip), half waiting (upload).
const AT_ONCE: usize = 4;

/// A template whose local paths have become S3 URLs, and what has to be uploaded for that.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) template: String,
    artifacts: Vec<Artifact>,
}

#[derive(Debug, Clone)]
struct Artifact {
    source: Source,
    /// Named by content, so that an unchanged function is neither uploaded nor deployed again.
    key: String,
}

#[derive(Debug, Clone)]
enum Source {
    /// A directory that becomes a zip archive.
    Directory(PathBuf),
    /// A file that is uploaded as it is.
    File(PathBuf),
}

/// Reads `template` and works out its artifacts. Paths are relative to `root`.
pub(crate) fn package(template: &str, root: &Path) -> Result<Package, StackError> {
    let mut artifacts = Vec::new();
    let mut lines = Vec::new();
    for line in template.lines() {
        match local_path(line) {
            // The transform wants an S3 URL even of a resource that is not made.
            Some((before, path)) if path.starts_with(LAYERS) => {
                lines.push(format!("{before}s3://{BUCKET}/{path}"))
            }
            Some((before, path)) => {
                let artifact = Artifact::of(root, path)?;
                lines.push(format!("{before}s3://{BUCKET}/{}", artifact.key));
                artifacts.push(artifact);
            }
            None => lines.push(line.to_owned()),
        }
    }
    Ok(Package { template: lines.join("\n") + "\n", artifacts })
}

/// `    CodeUri: target/lambda/x/  # why` → (`    CodeUri: `, `target/lambda/x/`). S3 URLs and intrinsic functions stay.
fn local_path(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    if !PROPERTIES.contains(&name.trim_start()) {
        return None;
    }
    let value = rest.trim_start();
    let before = &line[..line.len() - value.len()];
    let path = value.split_once(" #").map_or(value, |(path, _)| path).trim().trim_matches(['"', '\'']);
    let remote = path.is_empty() || path.starts_with(['!', '{']) || path.contains("://");
    (!remote).then_some((before, path))
}

impl Artifact {
    fn of(root: &Path, path: &str) -> Result<Self, StackError> {
        let full = root.join(path);
        let name = full.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if full.is_file() {
            let digest = digest(std::slice::from_ref(&full))?;
            return Ok(Self { source: Source::File(full), key: format!("{name}/{digest}") });
        }
        let files = files_in(&full)?;
        if files.is_empty() {
            return Err(StackError::NotBuilt(full));
        }
        Ok(Self { key: format!("{name}/{}.zip", digest(&files)?), source: Source::Directory(full) })
    }

    /// The object's bytes. Archives are the same for the same files, whenever they are made.
    fn bytes(&self) -> Result<Bytes, StackError> {
        match &self.source {
            Source::File(path) => fs::read(path).map(Bytes::from).map_err(StackError::file(path)),
            Source::Directory(path) => archive(path),
        }
    }

    fn path(&self) -> String {
        format!("/{BUCKET}/{}", self.key)
    }
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>, StackError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StackError::file(directory)(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(StackError::file(directory))?.path();
        if path.is_dir() {
            files.extend(files_in(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn digest(files: &[PathBuf]) -> Result<String, StackError> {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(file).map_err(StackError::file(file))?);
    }
    Ok(hex::encode(&hash.finalize()[..12]))
}

fn archive(directory: &Path) -> Result<Bytes, StackError> {
    // Level 1: the archive travels over loopback, so time counts for more than size.
    let options = SimpleFileOptions::default().unix_permissions(0o755).compression_level(Some(1));
    let failed = |error: zip::result::ZipError| StackError::file(directory)(error.into());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for file in files_in(directory)? {
        let name = file.strip_prefix(directory).unwrap_or(&file).to_string_lossy().into_owned();
        zip.start_file(name, options).map_err(failed)?;
        let content = fs::read(&file).map_err(StackError::file(&file))?;
        zip.write_all(&content).map_err(StackError::file(&file))?;
    }
    Ok(zip.finish().map_err(failed)?.into_inner().into())
}

impl Package {
    /// Uploads what the emulator does not have yet. Returns the template's own URL and how many artifacts were new.
    pub(crate) async fn upload(&self, aws: &Aws) -> Result<(String, usize), StackError> {
        if !aws.exists(&format!("/{BUCKET}")).await? {
            aws.rest("s3", Method::PUT, &format!("/{BUCKET}"), Bytes::new()).await?;
        }
        let uploaded = stream::iter(self.artifacts.iter().cloned().map(|artifact| upload(aws, artifact)))
            .buffer_unordered(AT_ONCE)
            .try_fold(0, async |count, new| Ok(count + usize::from(new)))
            .await?;
        let path = format!("/{BUCKET}/template.yaml");
        aws.rest("s3", Method::PUT, &path, Bytes::from(self.template.clone())).await?;
        Ok((format!("{}{path}", aws.endpoint()), uploaded))
    }

    /// Removes the artifacts of earlier builds, which the deployed stack no longer names.
    pub(crate) async fn prune(&self, aws: &Aws) -> Result<(), StackError> {
        let kept: BTreeSet<&str> = self.artifacts.iter().map(|artifact| artifact.key.as_str()).collect();
        let listing = aws.rest("s3", Method::GET, &format!("/{BUCKET}?list-type=2"), Bytes::new()).await?;
        let listing = String::from_utf8_lossy(&listing);
        let listing = roxmltree::Document::parse(&listing)
            .map_err(|error| StackError::answer("ListObjectsV2", error))?;
        let keys =
            listing.descendants().filter(|node| node.has_tag_name_any("Key")).filter_map(|node| node.text());
        for key in keys.filter(|key| !kept.contains(key) && *key != "template.yaml") {
            aws.rest("s3", Method::DELETE, &format!("/{BUCKET}/{key}"), Bytes::new()).await?;
        }
        Ok(())
    }
}

async fn upload(aws: &Aws, artifact: Artifact) -> Result<bool, StackError> {
    if aws.exists(&artifact.path()).await? {
        return Ok(false);
    }
    let path = artifact.path();
    let bytes = tokio::task::spawn_blocking(move || artifact.bytes())
        .await
        .map_err(|error| StackError::io("packaging")(error.into()))??;
    aws.rest("s3", Method::PUT, &path, bytes).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_paths_are_rewritten() {
        assert_eq!(
            local_path("      CodeUri: target/lambda/a/"),
            Some(("      CodeUri: ", "target/lambda/a/"))
        );
        assert_eq!(local_path("  CodeUri: 'a/'  # built"), Some(("  CodeUri: ", "a/")));
        for untouched in
            ["  CodeUri: s3://b/k", "  CodeUri: !Ref Code", "  # CodeUri: a/", "  CodeUri:", "  X: a/"]
        {
            assert_eq!(local_path(untouched), None, "{untouched}");
        }
    }

    #[test]
    fn short_tags_survive_and_the_key_follows_the_content() {
        let root = tempfile::tempdir().unwrap();
        let function = root.path().join("target/lambda/a");
        fs::create_dir_all(&function).unwrap();
        let template = "R:\n  Name: !Sub '${AWS::StackName}-a'\n  CodeUri: target/lambda/a/\n";
        let error = package(template, root.path()).unwrap_err();
        assert!(matches!(error, StackError::NotBuilt(_)), "{error}");

        fs::write(function.join("bootstrap"), "one").unwrap();
        let one = package(template, root.path()).unwrap();
        assert!(one.template.contains("!Sub '${AWS::StackName}-a'"));
        assert!(one.template.contains("CodeUri: s3://local-artifacts/a/"));
        assert_eq!(package(template, root.path()).unwrap().template, one.template);

        fs::write(function.join("bootstrap"), "two").unwrap();
        assert_ne!(package(template, root.path()).unwrap().template, one.template);
    }

    #[test]
    fn layers_are_named_and_left_behind() {
        let root = tempfile::tempdir().unwrap();
        let template = "L:\n  ContentUri: target/layers/ffmpeg/\nA:\n  ContentUri: assets/\n";
        let error = package(template, root.path()).unwrap_err();
        assert!(matches!(&error, StackError::NotBuilt(path) if path.ends_with("assets")), "{error}");

        fs::create_dir(root.path().join("assets")).unwrap();
        fs::write(root.path().join("assets/a"), "a").unwrap();
        let package = package(template, root.path()).unwrap();
        assert!(package.template.contains("ContentUri: s3://local-artifacts/target/layers/ffmpeg/\n"));
        assert_eq!(package.artifacts.len(), 1);
    }

    #[test]
    fn the_bootstrap_is_executable_in_the_archive() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("bootstrap"), "#!/bin/sh").unwrap();
        let bytes = archive(root.path()).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes.as_ref())).unwrap();
        let mode = zip.by_name("bootstrap").unwrap().unix_mode().unwrap();
        assert_eq!(mode & 0o777, 0o755);
        assert_eq!(archive(root.path()).unwrap(), bytes, "the same files give the same archive");
    }
}
