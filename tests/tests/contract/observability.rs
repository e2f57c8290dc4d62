//! What operators see: every alarm has its page, every metric comes from a line that is logged, and the dashboard shows
//! what there is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::metric_filter;

use crate::house;

const RUNBOOK: &str = "docs/runbook";
/// What each page says, in this order.
const HEADINGS: [&str; 4] = ["## What it means", "## Look", "## Do", "## It is over when"];
/// The metrics of AWS that are looked at, with the names of their dimensions.
const OF_AWS: [(&str, &[&str], &[&str]); 5] = [
    ("AWS/SQS", &["ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"], &["QueueName"]),
    (
        "AWS/States",
        &[
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionsAborted",
            "ExecutionThrottled",
        ],
        &["StateMachineArn"],
    ),
    ("AWS/Lambda", &["Invocations", "Errors", "Throttles", "ConcurrentExecutions"], &["FunctionName"]),
    ("AWS/ApiGateway", &["5XXError", "Count", "Latency"], &["ApiName", "Stage"]),
    ("AWS/DynamoDB", &["ReadThrottleEvents", "WriteThrottleEvents"], &["TableName"]),
];
/// Of the account as a whole, and so without dimensions.
const OF_THE_ACCOUNT: [&str; 2] = ["Throttles", "ConcurrentExecutions"];

fn resources_of(template: &Value, kind: &str) -> BTreeMap<String, Value> {
    let resources = template["Resources"].as_object().unwrap().iter();
    let those = resources.filter(|(_, resource)| resource["Type"] == kind);
    those.map(|(id, resource)| (id.clone(), resource["Properties"].clone())).collect()
}

#[test]
fn every_alarm_has_its_page_and_tells_of_it() {
    let template = house::yaml("template.yaml");
    let (alarms, mut pages) =
        (resources_of(&template, "AWS::CloudWatch::Alarm"), house::stems(RUNBOOK, "md"));
    pages.retain(|page| page != "README");
    let (index, mut complaints) = (house::text(&format!("{RUNBOOK}/README.md")), vec![]);
    for (id, alarm) in &alarms {
        let name = alarm["AlarmName"]["Fn::Sub"].as_str().unwrap_or_default();
        let Some(page) = name.strip_prefix("${AWS::StackName}-") else {
            complaints.push(format!(
                "template.yaml: {id} has the AlarmName {name}: begin it with ${{AWS::StackName}}-"
            ));
            continue;
        };
        let described = alarm["AlarmDescription"].as_str().unwrap_or_default();
        if !described.ends_with(&format!("See {RUNBOOK}/{page}.md")) {
            complaints.push(format!("template.yaml: {id} does not end its AlarmDescription with its page: add `See {RUNBOOK}/{page}.md`"));
        }
        for actions in ["AlarmActions", "OKActions"] {
            if alarm[actions] != serde_json::json!([{ "Ref": "AlarmTopic" }]) {
                complaints
                    .push(format!("template.yaml: {id} tells nobody: give it {actions}: [!Ref AlarmTopic]"));
            }
        }
        if alarm["TreatMissingData"].is_null() {
            complaints
                .push(format!("template.yaml: {id} does not say what no data means: add TreatMissingData"));
        }
        let before = pages.len();
        pages.retain(|known| known != page);
        if pages.len() == before {
            complaints.push(format!("template.yaml has {id} but there is no {RUNBOOK}/{page}.md: write it"));
            continue;
        }
        let text = house::text(&format!("{RUNBOOK}/{page}.md"));
        let found: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
        if found != HEADINGS {
            complaints
                .push(format!("{RUNBOOK}/{page}.md has the headings {found:?}: make them {HEADINGS:?}"));
        }
        if !text.contains("```sh\n") {
            complaints.push(format!("{RUNBOOK}/{page}.md has nothing to paste: add a block of commands"));
        }
        if !index.contains(&format!("({page}.md)")) {
            complaints.push(format!("{RUNBOOK}/README.md does not list {page}.md: add it"));
        }
    }
    complaints.extend(
        pages.iter().map(|page| format!("{RUNBOOK}/{page}.md is of no alarm of template.yaml: remove it")),
    );
    house::settle(complaints);
}

#[test]
fn every_field_that_is_counted_is_logged() {
    let template = house::yaml("template.yaml");
    let logged = house::code("shared/edge/src/runs.rs");
    let filters = metric_filter::all(&template);
    assert!(!filters.is_empty(), "template.yaml: videos are counted by metric filters");
    let mut complaints = vec![];
    for filter in &filters {
        for field in filter.fields() {
            if !logged.contains(&format!(",{field}=")) {
                complaints.push(format!("template.yaml: {} looks for the field {field}, which no line of shared/edge/src/runs.rs has", filter.id));
            }
        }
    }
    house::settle(complaints);
}

#[test]
fn every_metric_of_ours_is_looked_at() {
    let template = house::yaml("template.yaml");
    let made: BTreeSet<String> =
        metric_filter::all(&template).into_iter().map(|filter| filter.metric).collect();
    let (widgets, alarms) = (widgets(&template), resources_of(&template, "AWS::CloudWatch::Alarm"));
    let looked_at = Value::from(widgets).to_string() + &serde_json::to_string(&alarms).unwrap();
    let unseen = made.iter().filter(|metric| !looked_at.contains(metric.as_str()));
    house::settle(unseen.map(|metric| format!("template.yaml makes the metric {metric}, which neither the dashboard nor an alarm looks at")).collect());
}

#[test]
fn the_dashboard_shows_what_there_is() {
    let template = house::yaml("template.yaml");
    let made = plain_metrics(&template);
    let mut complaints = vec![];
    let (mut places, mut shown) = (BTreeSet::new(), String::new());
    for widget in widgets(&template) {
        let title = widget["properties"]["title"].as_str().unwrap_or_default();
        let place = |name: &str| widget[name].as_u64().unwrap_or_else(|| panic!("{title}: no {name}"));
        for (x, y) in (0..place("width")).flat_map(|dx| (0..place("height")).map(move |dy| (dx, dy))) {
            if place("x") + x >= 24 || !places.insert((place("x") + x, place("y") + y)) {
                complaints.push(format!(
                    "template.yaml: the widget {title:?} lies over another one, or sticks out"
                ));
            }
        }
        shown += &widget.to_string();
        for metric in widget["properties"]["metrics"].as_array().into_iter().flatten() {
            complaints.extend(
                wrong_metric(metric, &made).map(|wrong| format!("template.yaml: {title:?}: {wrong}")),
            );
        }
        complaints.extend(unknown_ids(&widget).map(|wrong| format!("template.yaml: {title:?}: {wrong}")));
    }
    for id in resources_of(&template, "AWS::CloudWatch::Alarm").keys() {
        if !shown.contains(&format!("${{{id}.Arn}}")) {
            complaints
                .push(format!("template.yaml: the dashboard does not show {id}: add it to its first widget"));
        }
    }
    house::settle(complaints);
}

/// The metrics of ours that have no dimensions.
fn plain_metrics(template: &Value) -> BTreeSet<String> {
    let plain = metric_filter::all(template).into_iter().filter(metric_filter::MetricFilter::is_plain);
    plain.map(|filter| filter.metric).collect()
}

/// The dashboard's widgets. Every `${name}` in its body is a resource of the template, or one that CloudFormation gives.
fn widgets(template: &Value) -> Vec<Value> {
    let dashboards = resources_of(template, "AWS::CloudWatch::Dashboard");
    let [body] =
        dashboards.values().map(|one| one["DashboardBody"]["Fn::Sub"].as_str().unwrap()).collect::<Vec<_>>()
            [..]
    else {
        panic!("template.yaml has one dashboard")
    };
    for reference in body.split("${").skip(1) {
        let name = reference.split('}').next().unwrap_or_default();
        let id = name.split('.').next().unwrap_or_default();
        assert!(
            name.starts_with("AWS::") || template["Resources"][id].is_object(),
            "template.yaml: the dashboard speaks of {name}, which is no resource"
        );
    }
    let body: Value =
        serde_json::from_str(body).unwrap_or_else(|error| panic!("the dashboard is not JSON: {error}"));
    body["widgets"].as_array().unwrap().clone()
}

/// What is wrong with a line of a widget, if something is.
fn wrong_metric(metric: &Value, made: &BTreeSet<String>) -> Option<String> {
    let words: Vec<&str> = metric.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    match words.as_slice() {
        // An expression: what it is over has lines of its own, or is looked for.
        [] => None,
        ["FrameIQ/${AWS::StackName}", name] if made.contains(*name) => None,
        ["FrameIQ/${AWS::StackName}", name, ..] => {
            Some(format!("no metric filter makes {name} without dimensions"))
        }
        ["AWS/Lambda", name] if OF_THE_ACCOUNT.contains(name) => None,
        [namespace, name, dimensions @ ..] => {
            let names: Vec<&str> = dimensions.iter().step_by(2).copied().collect();
            let is_known = OF_AWS.iter().any(|(known, metrics, of)| {
                known == namespace
                    && metrics.contains(name)
                    && *of == names
                    && dimensions.len() == 2 * of.len()
            });
            (!is_known).then(|| format!("{namespace} has no {name} by {names:?}"))
        }
        [other] => Some(format!("{other} is no metric")),
    }
}

/// Ids that a widget's expressions name and no metric of it has.
fn unknown_ids(widget: &Value) -> impl Iterator<Item = String> {
    let options = |metric: &Value| metric.as_array().unwrap().last().unwrap().clone();
    let all: Vec<Value> =
        widget["properties"]["metrics"].as_array().into_iter().flatten().map(options).collect();
    let known: BTreeSet<String> =
        all.iter().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect();
    let expressions = all.into_iter().filter_map(|one| one["expression"].as_str().map(str::to_owned));
    let named = expressions.filter(|text| !text.starts_with("SEARCH(")).flat_map(|text| ids(&text));
    named
        .filter(move |id| !known.contains(id))
        .map(|id| format!("an expression names {id}, which no metric here is"))
}

/// The words of an expression that begin in lower case: ids do, functions do not.
fn ids(expression: &str) -> Vec<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).map(str::to_owned).collect()
}

#[test]
fn alarms_are_over_metrics_that_exist() {
    let template = house::yaml("template.yaml");
    let made = plain_metrics(&template);
    let mut complaints = vec![];
    for (id, alarm) in resources_of(&template, "AWS::CloudWatch::Alarm") {
        let none = vec![];
        let parts = alarm["Metrics"].as_array().unwrap_or(&none);
        let stats = parts.iter().filter(|part| !part["MetricStat"].is_null());
        let plain = parts.is_empty().then_some(&alarm);
        for metric in stats.map(|part| &part["MetricStat"]["Metric"]).chain(plain) {
            let text =
                |value: &Value| value.as_str().or(value["Fn::Sub"].as_str()).unwrap_or_default().to_owned();
            let mut line = vec![text(&metric["Namespace"]), text(&metric["MetricName"])];
            for dimension in metric["Dimensions"].as_array().into_iter().flatten() {
                line.extend([text(&dimension["Name"]), "…".to_owned()]);
            }
            complaints.extend(
                wrong_metric(&line.into(), &made).map(|wrong| format!("template.yaml: {id}: {wrong}")),
            );
        }
        let known: BTreeSet<&str> = parts.iter().filter_map(|part| part["Id"].as_str()).collect();
        for part in parts.iter().filter(|part| part["Expression"].is_string()) {
            for name in
                ids(part["Expression"].as_str().unwrap()).iter().filter(|name| !known.contains(name.as_str()))
            {
                complaints
                    .push(format!("template.yaml: {id}: an expression names {name}, which is no Id of it"));
            }
        }
        let returned = parts.iter().filter(|part| part["ReturnData"] != false).count();
        if returned != usize::from(!parts.is_empty()) {
            complaints.push(format!(
                "template.yaml: {id} looks at {returned} results: give all but one ReturnData: false"
            ));
        }
    }
    house::settle(complaints);
}

#[test]
fn every_dead_letter_queue_and_every_api_has_its_alarm() {
    let template = house::yaml("template.yaml");
    let alarms = serde_json::to_string(&resources_of(&template, "AWS::CloudWatch::Alarm")).unwrap();
    let mut complaints = vec![];
    for (id, queue) in resources_of(&template, "AWS::SQS::Queue") {
        let Some(target) = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"].as_str() else {
            continue;
        };
        let letters = target.trim_end_matches(".Arn");
        if !alarms.contains(&format!("{letters}.QueueName")) {
            complaints.push(format!(
                "template.yaml: no alarm looks at {letters}, where what {id} cannot deliver ends"
            ));
        }
    }
    for (id, api) in resources_of(&template, "AWS::Serverless::Api") {
        let (name, stage) = (api["Name"]["Fn::Sub"].as_str().unwrap(), api["StageName"].as_str().unwrap());
        if !alarms.contains(&format!("\"{name}\"")) || !alarms.contains(&format!("\"{stage}\"")) {
            complaints.push(format!("template.yaml: no alarm looks at the 5xx of {id} ({name}, {stage})"));
        }
    }
    house::settle(complaints);
}

#[test]
fn logs_end_some_day() {
    let template = house::yaml("template.yaml");
    let groups = resources_of(&template, "AWS::Logs::LogGroup");
    let endless = groups.iter().filter(|(_, group)| group["RetentionInDays"]["Ref"] != "LogRetentionDays");
    house::settle(
        endless
            .map(|(id, _)| format!("template.yaml: {id} is kept for ever: give it RetentionInDays"))
            .collect(),
    );
    let logging = &template["Globals"]["Function"]["LoggingConfig"];
    assert_eq!(logging["LogGroup"]["Ref"], "FunctionLogs", "template.yaml: one query is to follow a request");
    assert_eq!(logging["LogFormat"], "JSON", "template.yaml: Lambda's own lines are read as ours are");
    let format = template["Mappings"]["AccessLog"]["Format"]["Json"].as_str().unwrap();
    let format: Value = serde_json::from_str(format).unwrap();
    assert_eq!(format["trace.id"], "$context.requestId", "template.yaml: the id that functions log");
}
