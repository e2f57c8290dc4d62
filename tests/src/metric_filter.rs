//! Metric filters of CloudWatch Logs, as far as the template uses them: comparisons of a JSON line's own fields, all of
//! which must hold.

use serde_json::Value;

/// A filter of the template.
#[derive(Debug)]
pub struct MetricFilter {
    /// Its logical id.
    pub id: String,
    /// The metric that it makes.
    pub metric: String,
    comparisons: Vec<Comparison>,
    value: String,
    /// Each dimension's name and the field that is its value.
    dimensions: Vec<(String, String)>,
}

#[derive(Debug)]
struct Comparison {
    field: String,
    operator: String,
    operand: Value,
}

/// What a line counts for.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// How much.
    pub value: f64,
    /// In which dimensions.
    pub dimensions: Vec<(String, String)>,
}

/// All filters of a template that was read by [`crate::yaml`].
pub fn all(template: &Value) -> Vec<MetricFilter> {
    let resources = template["Resources"].as_object().expect("resources").iter();
    let filters = resources.filter(|(_, resource)| resource["Type"] == "AWS::Logs::MetricFilter");
    filters.map(|(id, filter)| MetricFilter::of(id, &filter["Properties"])).collect()
}

impl MetricFilter {
    fn of(id: &str, properties: &Value) -> Self {
        let pattern = properties["FilterPattern"].as_str().expect("a pattern").trim();
        let inner = pattern.strip_prefix('{').and_then(|pattern| pattern.strip_suffix('}'));
        let inner = inner.unwrap_or_else(|| panic!("{id} is no pattern for JSON: {pattern}"));
        let comparisons = inner.split("&&").map(|comparison| Comparison::of(id, comparison)).collect();
        let [transformation] = properties["MetricTransformations"].as_array().expect("a list").as_slice()
        else {
            panic!("{id}: CloudWatch takes one transformation a filter")
        };
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let dimensions = transformation["Dimensions"].as_array().into_iter().flatten();
        let dimensions: Vec<_> =
            dimensions.map(|one| (text(&one["Key"]), field(id, &text(&one["Value"])))).collect();
        assert!(
            dimensions.is_empty() || transformation["DefaultValue"].is_null(),
            "{id}: CloudWatch takes no default value together with dimensions"
        );
        let (metric, value) = (text(&transformation["MetricName"]), text(&transformation["MetricValue"]));
        Self { id: id.to_owned(), metric, comparisons, value, dimensions }
    }

    /// Whether its metric can be looked at without naming a dimension.
    pub fn is_plain(&self) -> bool {
        self.dimensions.is_empty()
    }

    /// Every field of a line that it looks at.
    pub fn fields(&self) -> Vec<String> {
        let compared = self.comparisons.iter().map(|comparison| comparison.field.clone());
        let value = self.value.strip_prefix("$.").map(str::to_owned);
        compared.chain(value).chain(self.dimensions.iter().map(|(_, field)| field.clone())).collect()
    }

    /// What a line counts for, if it does.
    pub fn count(&self, line: &Value) -> Option<Counted> {
        if !self.comparisons.iter().all(|comparison| comparison.holds(line)) {
            return None;
        }
        let value = match self.value.strip_prefix("$.") {
            Some(field) => line[field].as_f64()?,
            None => self.value.parse().expect("a number"),
        };
        let dimensions = self.dimensions.iter();
        let dimensions =
            dimensions.map(|(name, field)| Some((name.clone(), line[field].as_str()?.to_owned())));
        Some(Counted { value, dimensions: dimensions.collect::<Option<_>>()? })
    }
}

impl Comparison {
    fn of(id: &str, text: &str) -> Self {
        let mut words = text.split_whitespace();
        let (Some(name), Some(operator), Some(operand), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            panic!("{id}: {text} is no comparison")
        };
        let operand = serde_json::from_str(operand).unwrap_or_else(|_| panic!("{id}: {operand} is no value"));
        Self { field: field(id, name), operator: operator.to_owned(), operand }
    }

    fn holds(&self, line: &Value) -> bool {
        let found = &line[self.field.as_str()];
        match (self.operator.as_str(), &self.operand) {
            ("=", operand) => found == operand,
            ("!=", operand) => !found.is_null() && found != operand,
            (">", Value::Number(number)) => found.as_f64().zip(number.as_f64()).is_some_and(|(a, b)| a > b),
            (operator, operand) => panic!("this reader does not know {operator} {operand}"),
        }
    }
}

/// The field that `$.name` selects. Dots in it would select inside of it, and our lines are flat.
fn field(id: &str, selector: &str) -> String {
    let name = selector.strip_prefix("$.").unwrap_or_else(|| panic!("{id}: {selector} is no field"));
    assert!(
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
        "{id}: {selector} is inside of a field"
    );
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_what_it_says() {
        let template = json!({ "Resources": { "F": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "FilterPattern": "{ $.run = \"ended\" && $.code != \"upload_expired\" && $.secs > 0 }",
                "MetricTransformations": [{
                    "MetricName": "M", "MetricValue": "$.secs", "Dimensions": [{ "Key": "Code", "Value": "$.code" }],
                }],
            },
        } } });
        let [filter] = all(&template).try_into().unwrap();
        assert_eq!(filter.fields(), ["run", "code", "secs", "secs", "code"]);
        let counted = filter.count(&json!({ "run": "ended", "code": "internal", "secs": 1.5 }));
        let dimensions = vec![("Code".to_owned(), "internal".to_owned())];
        assert_eq!(counted, Some(Counted { value: 1.5, dimensions }));
        for other in [
            json!({ "run": "begun", "code": "internal", "secs": 1 }),
            json!({ "run": "ended", "code": "upload_expired", "secs": 1 }),
            json!({ "run": "ended", "code": "internal", "secs": 0 }),
            json!({ "run": "ended", "secs": 1 }),
            json!({ "run": "ended", "code": "internal" }),
        ] {
            assert_eq!(filter.count(&other), None, "{other}");
        }
    }
}
