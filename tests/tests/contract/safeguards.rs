//! What keeps data: buckets, tables and secrets that outlive mistakes, and who may read them.

use std::collections::BTreeSet;

use serde_json::json;

use crate::house;
use crate::transformed::{PLAIN, resources};

/// One setting of the account that other stacks use too, and what it stands on: stays, however this stack ends.
const OF_THE_ACCOUNT: [&str; 2] = ["GatewayAccount", "GatewayLogRole"];

/// A first deployment that fails leaves nothing behind; one that is removed leaves what users entrusted to it.
#[test]
fn what_users_entrusted_outlives_the_stack() {
    let mut kept = BTreeSet::new();
    for (id, _, resource) in resources(&PLAIN) {
        let policies = (&resource["DeletionPolicy"], &resource["UpdateReplacePolicy"]);
        if policies == (&json!("RetainExceptOnCreate"), &json!("Retain")) {
            kept.insert(id);
        } else if OF_THE_ACCOUNT.contains(&id) {
            assert_eq!(policies, (&json!("Retain"), &json!("Retain")), "{id}");
        } else {
            assert_ne!(resource["DeletionPolicy"], "Retain", "{id}: RetainExceptOnCreate");
        }
    }
    assert_eq!(kept, BTreeSet::from(["Bucket", "BucketPolicy", "CallbackSecret", "Table", "VectorBucket"]));
}

#[test]
fn the_bucket_takes_browsers_uploads_and_nothing_without_tls() {
    let bucket = &PLAIN["Resources"]["Bucket"]["Properties"];
    let rule = &bucket["CorsConfiguration"]["CorsRules"][0];
    assert_eq!(rule["AllowedOrigins"], json!({ "Ref": "UploadOrigins" }));
    for method in ["PUT", "GET"] {
        assert!(rule["AllowedMethods"].as_array().unwrap().contains(&json!(method)), "{rule}");
    }
    assert_eq!(rule["ExposedHeaders"], json!(["ETag"]));

    let policy = &PLAIN["Resources"]["BucketPolicy"]["Properties"];
    assert_eq!(policy["Bucket"], json!({ "Ref": "Bucket" }));
    let statement = &policy["PolicyDocument"]["Statement"][0];
    let denies = json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{ "Fn::GetAtt": ["Bucket", "Arn"] }, { "Fn::Sub": "${Bucket.Arn}/*" }],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    assert_eq!(statement, &denies);
}

/// Of an upload that was put twice, the pinned version is an old one, and a failed video may be retried from it.
#[test]
fn no_pinned_source_expires() {
    let rules =
        PLAIN["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"].as_array().unwrap();
    let mut prefixes = vec![];
    for rule in rules {
        // Only old versions expire: nothing that is current.
        assert!(rule["ExpirationInDays"].is_null() && rule["ExpirationDate"].is_null(), "{rule}");
        let expiry = &rule["NoncurrentVersionExpiration"];
        if !expiry.is_null() {
            assert!(expiry["NoncurrentDays"].as_u64().unwrap() >= 90, "{rule}");
            prefixes.push(rule["Prefix"].as_str().unwrap_or_default());
        }
    }
    assert_eq!(prefixes, ["videos/", "libraries/"]);
}

#[test]
fn whoever_may_read_a_secret_may_decrypt_it() {
    let template = house::yaml("template.yaml");
    let functions = template["Resources"].as_object().unwrap().iter();
    let readers = functions
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
        .filter(|(_, resource)| {
            resource["Properties"]["Policies"].to_string().contains("secretsmanager:GetSecretValue")
        })
        .map(|(id, _)| format!("{id}Role"))
        .collect::<BTreeSet<String>>();
    let policy = &PLAIN["Resources"]["SecretsKeyPolicy"];
    assert_eq!(policy["Condition"], "HasSecretsKey");
    let roles = policy["Properties"]["Roles"].as_array().unwrap().iter();
    let roles = roles.map(|role| role["Ref"].as_str().unwrap().to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(
        roles, readers,
        "template.yaml: SecretsKeyPolicy lists the roles of all functions that read secrets"
    );
    for role in &roles {
        assert_eq!(PLAIN["Resources"][role]["Type"], "AWS::IAM::Role");
    }
    let secret = &PLAIN["Resources"]["CallbackSecret"]["Properties"]["KmsKeyId"];
    assert_eq!(secret["Fn::If"][0], "HasSecretsKey");
}

/// China and the government's regions are partitions of their own, with other ARNs and host names.
#[test]
fn no_partition_is_written_down() {
    let mut complaints = vec![];
    for file in ["template.yaml", "infra/pipeline.asl.json"] {
        for (number, line) in house::text(file).lines().enumerate() {
            let is_principal = line.contains("Service:") || line.contains("iam:PassedToService");
            if line.contains("arn:aws:") || (line.contains("amazonaws.com") && !is_principal) {
                complaints
                    .push(format!("{file}:{}: write ${{AWS::Partition}} or ${{AWS::URLSuffix}}", number + 1));
            }
        }
    }
    house::settle(complaints);
}
