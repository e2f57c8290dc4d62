//! Calls of AWS's services, which the emulator answers, as somebody who may do everything.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use serde_json::{Value, json};
use store::{Names, Purge, Store};

use super::World;

/// The emulator takes the key `test` for the account's root and does not check its signature.
const ROOT: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=none";

impl World {
    /// The emulator, as its root account.
    pub async fn aws(&self) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&self.aws_endpoint)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .load()
            .await
    }

    /// The table and the bucket, as somebody who may do everything.
    pub async fn store(&self) -> Store {
        self.store_through(&self.aws_endpoint).await
    }

    /// The same, by another way to the emulator.
    pub async fn store_through(&self, endpoint: &str) -> Store {
        let aws = self.aws().await.into_builder().endpoint_url(endpoint).build();
        Store::new(
            &aws,
            Names {
                table: self.table.clone(),
                bucket: self.bucket.clone(),
                s3_path_style: true,
                ..Names::default()
            },
        )
    }

    /// Rows of the table as they are stored, whatever the store makes of them: those of a partition whose sort keys
    /// have this start. A client of one's own, because one is slow to make and belongs to its runtime.
    pub async fn rows(&self, http: &reqwest::Client, partition: &str, start: &str) -> Vec<Value> {
        let mut query = json!({
            "TableName": self.table,
            "ConsistentRead": true,
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": partition } },
        });
        // The table takes no empty text for a part of a key.
        if !start.is_empty() {
            query["KeyConditionExpression"] = json!("PK = :pk AND begins_with(SK, :sk)");
            query["ExpressionAttributeValues"][":sk"] = json!({ "S": start });
        }
        let call = http.post(&self.aws_endpoint).body(query.to_string());
        let call = call.header("x-amz-target", "DynamoDB_20120810.Query").header("authorization", ROOT);
        let mut answer = json_of(call.header("content-type", "application/x-amz-json-1.0")).await;
        assert!(answer["LastEvaluatedKey"].is_null(), "{partition} has more than one page");
        let Value::Array(rows) = answer["Items"].take() else { panic!("no rows: {answer}") };
        rows
    }

    /// Writes a row of the table as it is, whatever the store would make of it.
    pub async fn put_row(&self, row: Value) {
        let put = json!({ "TableName": self.table, "Item": row });
        let call = reqwest::Client::new().post(&self.aws_endpoint).body(put.to_string());
        let call = call.header("x-amz-target", "DynamoDB_20120810.PutItem").header("authorization", ROOT);
        let answer =
            call.header("content-type", "application/x-amz-json-1.0").send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{row}");
    }

    /// What an API of AWS answers that speaks JSON: `Logs_20140328.FilterLogEvents`.
    pub async fn call(&self, target: &str, body: Value) -> Value {
        let call = reqwest::Client::new().post(&self.aws_endpoint).body(body.to_string());
        let call = call.header("x-amz-target", target).header("authorization", ROOT);
        json_of(call.header("content-type", "application/x-amz-json-1.0")).await
    }

    /// Keys of the objects under a prefix, old versions included.
    pub async fn objects(&self, prefix: &str) -> Vec<String> {
        self.store().await.keys_under(prefix).await.expect("a list of objects")
    }

    /// The versions of the object with that key.
    pub async fn versions(&self, key: &str) -> Vec<String> {
        let url = format!("{}/{}?versions&prefix={key}", self.aws_endpoint, self.bucket);
        let listed = reqwest::Client::new().get(url).header("authorization", ROOT).send().await;
        let listed = listed.expect("an answer").text().await.expect("a list");
        let parts = listed.split("<VersionId>").skip(1);
        parts.filter_map(|part| Some(part.split_once('<')?.0.to_owned())).collect()
    }

    /// Removes a version of an object for good.
    pub async fn remove_object(&self, key: &str, version: &str) {
        let url = format!("{}/{}/{key}?versionId={version}", self.aws_endpoint, self.bucket);
        let removed = reqwest::Client::new().delete(url).header("authorization", ROOT).send().await;
        assert_eq!(removed.expect("an answer").status(), 204, "{key}");
    }

    /// Gives a message to the function behind the purge queue, as the queue does.
    pub async fn purge(&self, message: &Purge) {
        let body = serde_json::to_string(message).expect("a message");
        let event = json!({ "Records": [{ "messageId": "m", "body": body, "eventSource": "aws:sqs" }] });
        let answer = self.invoke("UpkeepPurge", &event).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "{message:?}");
    }

    /// Replaces the text of the secret that this parameter of the template names.
    pub async fn set_secret(&self, parameter: &str, text: &str) {
        let change = json!({ "SecretId": format!("local/{parameter}"), "SecretString": text });
        let call = reqwest::Client::new().post(&self.aws_endpoint).body(change.to_string());
        let call = call.header("x-amz-target", "secretsmanager.PutSecretValue").header("authorization", ROOT);
        let answer = json_of(call.header("content-type", "application/x-amz-json-1.1")).await;
        assert!(answer["VersionId"].is_string(), "{parameter}: {answer}");
    }

    /// Invokes a deployed function by the name that the template gives it; answers what it answers.
    pub async fn invoke(&self, function: &str, event: &Value) -> Value {
        let deployed = self.deployed(function).await;
        let name = deployed["FunctionName"].as_str().expect("a name");
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.aws_endpoint);
        let call = reqwest::Client::new().post(url).header("authorization", ROOT);
        json_of(call.body(event.to_string())).await
    }

    /// What Lambda says of a function, by the name that the template gives it.
    pub(crate) async fn deployed(&self, function: &str) -> Value {
        let url = format!("{}/2015-03-31/functions?MaxItems=10000", self.aws_endpoint);
        let mut listed: Value = json_of(reqwest::Client::new().get(url).header("authorization", ROOT)).await;
        let functions = listed["Functions"].as_array_mut().expect("a list of functions");
        let is_it = |deployed: &&mut Value| {
            deployed["FunctionName"].as_str().is_some_and(|name| name.split('-').any(|part| part == function))
        };
        functions.iter_mut().find(is_it).expect("a deployed function of that name").take()
    }
}

async fn json_of(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.expect("an answer").bytes().await.expect("a body");
    serde_json::from_slice(&answer).unwrap_or_default()
}
