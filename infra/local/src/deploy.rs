//! CloudFormation on the emulator: creates or updates the stack and reads its outputs.

use crate::aws::{AnyNamespace, Aws, Fields, xml_text};
use crate::error::StackError;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;

/// The name of the stack that a local stack deploys.
const STACK: &str = "frameiq";
const VERSION: &str = "2010-05-15";
/// Deploying takes seconds; the emulator has no timeout of its own.
const POLLS: u32 = 1200;
const POLL: Duration = Duration::from_millis(150);

/// The outputs of the deployed template.
#[derive(Debug, Clone)]
pub struct Outputs(BTreeMap<String, String>);

impl Outputs {
    /// The value of one output, by the name the template gives it.
    ///
    /// # Errors
    /// [`StackError::Template`] when the template has no such output.
    pub fn get(&self, name: &str) -> Result<&str, StackError> {
        let value = self.0.get(name).map(String::as_str);
        value.ok_or_else(|| StackError::Template(format!("add the output `{name}`")))
    }

    /// The DynamoDB table's name.
    ///
    /// # Errors
    /// As [`Outputs::get`].
    pub fn table_name(&self) -> Result<&str, StackError> {
        self.get("TableName")
    }

    /// The S3 bucket's name.
    ///
    /// # Errors
    /// As [`Outputs::get`].
    pub fn bucket_name(&self) -> Result<&str, StackError> {
        self.get("BucketName")
    }
}

/// Deploys the template at `template_url`. Of `parameters`, those are passed that the template declares.
pub(crate) async fn deploy(
    aws: &Aws,
    template: &str,
    template_url: &str,
    parameters: &[(&str, String)],
) -> Result<Outputs, StackError> {
    let fields = stack_fields(template, template_url, parameters);
    let before = status(aws).await?;
    let action = match before.as_deref() {
        None | Some("DELETE_COMPLETE") => "CreateStack",
        // A first deployment that failed holds no data and can only be deleted.
        Some("CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED") => {
            call(aws, "DeleteStack", &vec![field("StackName", STACK)]).await?;
            settled(aws).await?;
            "CreateStack"
        }
        Some(_) => "UpdateStack",
    };
    match call(aws, action, &fields).await {
        Ok(_) => match settled(aws).await?.as_deref() {
            Some("CREATE_COMPLETE" | "UPDATE_COMPLETE") => {}
            other => return Err(failure(aws, other.unwrap_or("no stack")).await),
        },
        Err(StackError::Refused { message, .. }) if message.contains("No updates are to be performed") => {}
        Err(error) => return Err(error),
    }
    read_outputs(aws).await
}

/// The outputs of what a local stack has deployed.
pub(crate) async fn read_outputs(aws: &Aws) -> Result<Outputs, StackError> {
    read_outputs_of(aws, STACK).await
}

/// The outputs of the deployed stack of that name.
pub(crate) async fn read_outputs_of(aws: &Aws, stack: &str) -> Result<Outputs, StackError> {
    let xml = call(aws, "DescribeStacks", &vec![field("StackName", stack)]).await?;
    let document = parse(&xml)?;
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children()
            .find(|child| child.has_tag_name_any(name))
            .and_then(|child| child.text())
            .map(str::to_owned)
    };
    let outputs = document
        .descendants()
        .filter_map(|node| Some((text(node, "OutputKey")?, text(node, "OutputValue").unwrap_or_default())));
    Ok(Outputs(outputs.collect()))
}

fn stack_fields(template: &str, template_url: &str, parameters: &[(&str, String)]) -> Fields {
    let declared = declared_parameters(template);
    let mut fields = vec![field("StackName", STACK), field("TemplateURL", template_url)];
    for (index, capability) in
        ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"].iter().enumerate()
    {
        fields.push((format!("Capabilities.member.{}", index + 1), (*capability).to_owned()));
    }
    let passed = parameters.iter().filter(|(name, _)| declared.contains(name));
    for (index, (name, value)) in passed.enumerate() {
        let prefix = format!("Parameters.member.{}", index + 1);
        fields.push((format!("{prefix}.ParameterKey"), (*name).to_owned()));
        fields.push((format!("{prefix}.ParameterValue"), value.clone()));
    }
    fields
}

/// The names under the template's top-level `Parameters:`.
fn declared_parameters(template: &str) -> Vec<&str> {
    template
        .lines()
        .skip_while(|line| line.trim_end() != "Parameters:")
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with([' ', '#']))
        .filter(|line| line.starts_with("  ") && !line[2..].starts_with([' ', '#']))
        .filter_map(|line| Some(line.split_once(':')?.0.trim()))
        .collect()
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

async fn call(aws: &Aws, action: &str, fields: &Fields) -> Result<String, StackError> {
    aws.query("cloudformation", VERSION, action, fields).await
}

async fn status(aws: &Aws) -> Result<Option<String>, StackError> {
    match call(aws, "DescribeStacks", &vec![field("StackName", STACK)]).await {
        Ok(xml) => Ok(xml_text(&xml, "StackStatus")),
        Err(StackError::Refused { message, .. }) if message.contains("does not exist") => Ok(None),
        Err(error) => Err(error),
    }
}

async fn settled(aws: &Aws) -> Result<Option<String>, StackError> {
    for _ in 0..POLLS {
        let now = status(aws).await?;
        if !now.as_deref().is_some_and(|status| status.ends_with("IN_PROGRESS")) {
            return Ok(now);
        }
        sleep(POLL).await;
    }
    Err(StackError::Deploy("it does not come to an end".to_owned()))
}

/// The events' own words on what failed first.
async fn failure(aws: &Aws, status: &str) -> StackError {
    let events = match call(aws, "DescribeStackEvents", &vec![field("StackName", STACK)]).await {
        Ok(events) => events,
        Err(error) => return error,
    };
    let document = match parse(&events) {
        Ok(document) => document,
        Err(error) => return error,
    };
    let text = |event: roxmltree::Node<'_, '_>, name: &str| {
        event
            .children()
            .find(|node| node.has_tag_name_any(name))
            .and_then(|node| node.text())
            .map(str::to_owned)
    };
    // Newest first, so the first failure is the last of this operation's.
    let reasons: Vec<String> = document
        .descendants()
        .filter(|node| node.has_tag_name_any("member"))
        .filter(|event| text(*event, "ResourceStatus").is_some_and(|status| status.ends_with("_FAILED")))
        .filter_map(|event| {
            Some(format!("{}: {}", text(event, "LogicalResourceId")?, text(event, "ResourceStatusReason")?))
        })
        .take(3)
        .collect();
    StackError::Deploy(format!("{status}; {}", reasons.join("; ")))
}

fn parse(xml: &str) -> Result<roxmltree::Document<'_>, StackError> {
    roxmltree::Document::parse(xml).map_err(|error| StackError::answer("CloudFormation", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_parameters_are_passed() {
        let template = "Description: x\nParameters:\n  # tools\n  ToolsRoot:\n    Type: String\n  ClerkIssuer: {Type: String}\n\nGlobals:\n  Function:\n    Timeout: 3\n";
        assert_eq!(declared_parameters(template), ["ToolsRoot", "ClerkIssuer"]);
        let fields = stack_fields(template, "u", &[("Other", "1".into()), ("ClerkIssuer", "i".into())]);
        assert!(fields.contains(&field("Parameters.member.1.ParameterKey", "ClerkIssuer")));
        assert!(!fields.iter().any(|(_, value)| value == "Other"));
    }
}
