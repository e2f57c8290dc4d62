//! The plans, in one table. Numbers that the references give are exact; the others are chosen here, once.

use serde::{Deserialize, Serialize};

/// What an account pays for; the order is that of what they allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Where every account starts.
    #[default]
    Free,
    /// See [`Plan::limits`].
    Starter,
    /// See [`Plan::limits`].
    Pro,
    /// See [`Plan::limits`].
    Max,
    /// Unlimited videos and questions.
    Enterprise,
}

/// Presigned uploads that an account may have open at the same time, on every plan.
pub const CONCURRENT_UPLOADS: u32 = 10;

/// What a plan allows. `None` is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Videos held at the same time, failed ones and jobs included.
    pub videos: Option<u32>,
    /// Questions a calendar month (UTC).
    pub queries_per_month: Option<u32>,
    /// Hours of video a calendar month (UTC) before credits are drawn.
    pub included_hours: u32,
}

impl Plan {
    /// Every plan, cheapest first.
    pub const ALL: [Self; 5] = [Self::Free, Self::Starter, Self::Pro, Self::Max, Self::Enterprise];

    /// The table.
    pub fn limits(self) -> Limits {
        let (videos, queries_per_month, included_hours) = match self {
            Self::Free => (Some(3), Some(50), 1),
            Self::Starter => (Some(100), Some(300), 10),
            Self::Pro => (Some(500), Some(1_000), 50),
            Self::Max => (Some(2_500), Some(5_000), 250),
            Self::Enterprise => (None, None, 2_000),
        };
        Limits { videos, queries_per_month, included_hours }
    }

    /// The word that is published and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Starter => "starter",
            Self::Pro => "pro",
            Self::Max => "max",
            Self::Enterprise => "enterprise",
        }
    }

    /// The plan of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.name() == name)
    }

    /// The next plan up, for the sentence that says how to get past a limit.
    pub fn upgrade(self) -> Option<Self> {
        match self {
            Self::Free | Self::Starter => Some(Self::Pro),
            Self::Pro => Some(Self::Max),
            Self::Max => Some(Self::Enterprise),
            Self::Enterprise => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_numbers_of_the_references() {
        assert_eq!(Plan::Free.limits().videos, Some(3));
        assert_eq!(Plan::Free.limits().queries_per_month, Some(50));
        assert_eq!(Plan::Pro.limits().queries_per_month, Some(1_000));
        assert_eq!(Plan::Enterprise.limits().queries_per_month, None);
        let hours = [Plan::Starter, Plan::Pro, Plan::Max].map(|plan| plan.limits().included_hours);
        assert_eq!(hours, [10, 50, 250]);
    }

    #[test]
    fn names_are_the_wire_form() {
        for plan in Plan::ALL {
            assert_eq!(serde_json::to_string(&plan).unwrap(), format!("\"{}\"", plan.name()));
            assert_eq!(Plan::from_name(plan.name()), Some(plan));
        }
        assert_eq!(Plan::from_name("platinum"), None);
    }
}
