//! A deployed function as Lambda knows it: its configuration, its code, its role's credentials.

use crate::aws::{Aws, Fields, xml_text};
use crate::error::StackError;
use bytes::Bytes;
use http::{Method, Uri};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};

/// What `GetFunction` says of a function.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Deployed {
    pub(super) configuration: Configuration,
    code: Code,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Configuration {
    pub(super) function_name: String,
    pub(super) function_arn: String,
    role: String,
    /// Seconds.
    pub(super) timeout: u64,
    /// MiB.
    pub(super) memory_size: u64,
    #[serde(default)]
    environment: Environment,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Code {
    location: String,
}

impl Deployed {
    pub(super) async fn read(aws: &Aws, name: &str) -> Result<Self, StackError> {
        let path = format!("/2015-03-31/functions/{name}");
        let body = aws.rest("lambda", Method::GET, &path, Bytes::new()).await?;
        serde_json::from_slice(&body).map_err(|error| StackError::answer("GetFunction", error))
    }

    pub(super) fn variables(&self) -> &BTreeMap<String, String> {
        &self.configuration.environment.variables
    }

    /// Unpacks the deployed code into `directory` and returns the program.
    pub(super) async fn unpack(&self, aws: &Aws, directory: &Path) -> Result<PathBuf, StackError> {
        let location: Uri =
            self.code.location.parse().map_err(|error| StackError::answer("GetFunction", error))?;
        let path = location.path_and_query().map_or("/", |path| path.as_str());
        let archive = aws.rest("lambda", Method::GET, path, Bytes::new()).await?;
        let failed = |error: zip::result::ZipError| StackError::file(directory)(error.into());
        // Of an earlier version, which may run still: a program that runs cannot be written to, but removed.
        match fs::remove_dir_all(directory) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(StackError::file(directory)(error));
            }
            _ => {}
        }
        fs::create_dir_all(directory).map_err(StackError::file(directory))?;
        zip::ZipArchive::new(Cursor::new(archive)).map_err(failed)?.extract(directory).map_err(failed)?;
        Ok(directory.join("bootstrap"))
    }

    /// Credentials of the function's own role, so that it may do here what it may do on AWS.
    pub(super) async fn credentials(&self, aws: &Aws) -> Result<[(&'static str, String); 3], StackError> {
        let fields: Fields = vec![
            ("RoleArn".to_owned(), self.configuration.role.clone()),
            ("RoleSessionName".to_owned(), "front".to_owned()),
        ];
        let xml = aws.query("sts", "2011-06-15", "AssumeRole", &fields).await?;
        let part = |element: &str| {
            xml_text(&xml, element).ok_or_else(|| StackError::answer("AssumeRole", format!("no {element}")))
        };
        Ok([
            ("AWS_ACCESS_KEY_ID", part("AccessKeyId")?),
            ("AWS_SECRET_ACCESS_KEY", part("SecretAccessKey")?),
            ("AWS_SESSION_TOKEN", part("SessionToken")?),
        ])
    }
}
