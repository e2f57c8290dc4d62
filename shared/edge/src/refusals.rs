//! Refusals that more than one endpoint gives, each with what the caller can do about it.

use domain::plan::Plan;
use domain::problem::ProblemKind;

use crate::problem::{Contract, Problem};
use crate::signature::Unverified;

/// 402 on Videos & Chat: the plan's videos are all in use.
pub fn plan_full(plan: Plan) -> Problem {
    Problem::new(ProblemKind::PlanLimitExceeded, slots_sentence(plan))
}

/// 403 on Jobs: the plan's videos are all in use.
pub fn job_slots_full(plan: Plan) -> Problem {
    Problem::new(ProblemKind::InsufficientCredits, slots_sentence(plan))
}

/// 402: the month's questions are used up.
pub fn queries_exhausted(plan: Plan) -> Problem {
    let limit = plan.limits().queries_per_month.unwrap_or_default();
    let offer = upgrade(plan, |limits| limits.queries_per_month, "queries");
    let detail = format!("Your {} plan allows {} queries per month. {offer}", plan.name(), grouped(limit));
    Problem::new(ProblemKind::PlanLimitExceeded, detail)
}

/// No hours left: 402 on Videos & Chat, 403 on Jobs.
pub fn no_credit(contract: Contract, plan: Plan) -> Problem {
    let hours = match plan.limits().included_hours {
        1 => "1 hour".to_owned(),
        hours => format!("{} hours", grouped(hours)),
    };
    let detail = format!(
        "Your {} plan's {hours} of this month and your credits are used up. Buy a credit pack or upgrade.",
        plan.name(),
    );
    let kind = match contract {
        Contract::Videos => ProblemKind::PlanLimitExceeded,
        Contract::Jobs => ProblemKind::InsufficientCredits,
    };
    Problem::new(kind, detail)
}

/// 401: the account was deleted, whatever its token says.
pub fn account_deleted() -> Problem {
    Problem::new(ProblemKind::Unauthorized, "This account has been deleted. Sign up again to make a new one.")
}

/// 401: a webhook whose sender cannot be told.
pub fn unverified(unverified: Unverified) -> Problem {
    Problem::new(ProblemKind::Unauthorized, unverified.to_string())
}

/// 503: these dependencies do not answer. The names are those that `GET /health` gives them.
pub fn unavailable(dependencies: &[&str]) -> Problem {
    let detail = format!("Not answering: {}. Try again in a minute.", dependencies.join(", "));
    Problem::new(ProblemKind::Unavailable, detail)
}

fn slots_sentence(plan: Plan) -> String {
    let limit = plan.limits().videos.unwrap_or_default();
    let offer = upgrade(plan, |limits| limits.videos, "videos");
    format!("Your {} plan allows {} videos. Delete one. {offer}", plan.name(), grouped(limit))
}

fn upgrade(plan: Plan, limit: impl Fn(domain::plan::Limits) -> Option<u32>, what: &str) -> String {
    let Some(next) = plan.upgrade() else { return String::new() };
    let name = next.name();
    let name = name[..1].to_uppercase() + &name[1..];
    match limit(next.limits()) {
        Some(limit) => format!("Upgrade to {name} for {} {what}.", grouped(limit)),
        None => format!("Upgrade to {name} for unlimited {what}."),
    }
}

/// `1000` as `1,000`.
fn grouped(number: u32) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_counted_as_people_do_and_refused_as_the_contract_does() {
        let refused = |contract, plan| {
            let problem = no_credit(contract, plan);
            (problem.kind.status(), problem.body(contract, "/", "r").0.to_string())
        };
        let (status, body) = refused(Contract::Videos, Plan::Free);
        assert!(status == 402 && body.contains("free plan's 1 hour of"), "{status}: {body}");
        let (status, body) = refused(Contract::Jobs, Plan::Pro);
        assert!(status == 403 && body.contains("pro plan's 50 hours of"), "{status}: {body}");
    }

    #[test]
    fn reads_like_the_reference() {
        let (body, _) = queries_exhausted(Plan::Free).body(Contract::Videos, "/chat/x", "r");
        let expected = "Your free plan allows 50 queries per month. Upgrade to Pro for 1,000 queries.";
        assert_eq!(body["detail"], expected);
    }
}
