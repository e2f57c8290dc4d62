//! Paths that exist, methods that they have, and who answers for the rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::house::{self, Contract};
use crate::template;

const FILE: &str = "functions/meta/not_found.rs";
const CATCH_ALL: &str = "MetaNotFound";

/// A table of `not_found.rs`, as it is written: `("/videos", "GET, POST"),` is a row.
fn table(contract: Contract) -> BTreeSet<String> {
    let name = match contract {
        Contract::Videos => "const VIDEOS:",
        Contract::Jobs => "const JOBS:",
    };
    let source = house::text(FILE);
    let (_, rest) = source.split_once(name).unwrap_or_else(|| panic!("{FILE} has no {name}"));
    let (rows, _) = rest.split_once("];").unwrap();
    rows.lines().map(str::trim).filter(|row| row.starts_with("(\"/")).map(str::to_owned).collect()
}

#[test]
fn that_exist_are_those_that_not_found_knows() {
    let mut complaints = vec![];
    for contract in Contract::ALL {
        let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for function in template::functions().iter().filter(|function| function.id != CATCH_ALL) {
            for endpoint in function.endpoints().into_iter().filter(|end| end.route.contract == contract) {
                let path = endpoint.route.resource().to_owned();
                methods.entry(path).or_default().insert(endpoint.route.method);
            }
        }
        let expected: BTreeSet<String> = methods
            .into_iter()
            .map(|(path, methods)| {
                format!("({path:?}, \"{}\"),", methods.into_iter().collect::<Vec<_>>().join(", "))
            })
            .collect();
        let rows = table(contract);
        let missing =
            expected.difference(&rows).map(|row| format!("{FILE}: add {row} to the {contract:?} table"));
        let stale = rows.difference(&expected).map(|row| {
            format!(
                "{FILE}: template.yaml has no such route any more: remove {row} from the {contract:?} table"
            )
        });
        complaints.extend(missing.chain(stale));
    }
    house::settle(complaints);
}

/// A method without a catch-all is answered by the gateway, which knows neither `Allow` nor the rate limit.
#[test]
fn that_do_not_exist_reach_not_found_by_every_method() {
    let functions = template::functions();
    let catch_all = functions.iter().find(|function| function.id == CATCH_ALL).unwrap();
    let routes: BTreeSet<String> =
        catch_all.endpoints().into_iter().map(|end| end.route.to_string()).collect();
    let mut complaints = vec![];
    for contract in Contract::ALL {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] {
            let route = format!("{method} {}/{{proxy+}}", contract.prefix());
            if !routes.contains(&route) {
                complaints.push(format!("template.yaml: {CATCH_ALL} has no event for {route}: add it"));
            }
        }
    }
    house::settle(complaints);
}
