//! What can be bought, and which plan a customer's subscriptions add up to.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plan::Plan;

/// What is for sale. Free costs nothing, and enterprise is agreed on with people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Product {
    /// The starter plan, by the month.
    Starter,
    /// The pro plan, by the month.
    Pro,
    /// The max plan, by the month.
    Max,
    /// Credits for 5 hours, once.
    FiveHours,
    /// Credits for 20 hours, once.
    TwentyHours,
}

/// What a product gives to the account that buys it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// A plan, for as long as it is paid for.
    Plan(Plan),
    /// Hours of credit, which do not expire.
    CreditHours(u32),
}

impl Product {
    /// Everything that is for sale.
    pub const ALL: [Self; 5] = [Self::Starter, Self::Pro, Self::Max, Self::FiveHours, Self::TwentyHours];

    /// The word for it in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Pro => "pro",
            Self::Max => "max",
            Self::FiveHours => "5h",
            Self::TwentyHours => "20h",
        }
    }

    /// What it gives.
    pub fn grant(self) -> Grant {
        match self {
            Self::Starter => Grant::Plan(Plan::Starter),
            Self::Pro => Grant::Plan(Plan::Pro),
            Self::Max => Grant::Plan(Plan::Max),
            Self::FiveHours => Grant::CreditHours(5),
            Self::TwentyHours => Grant::CreditHours(20),
        }
    }

    /// The product that gives this, if it is for sale.
    pub fn granting(grant: Grant) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.grant() == grant)
    }
}

/// The price table: which price of the payment provider is which product.
///
/// A product may have several prices. The first is the one that is sold; the others are recognised, so that whoever
/// subscribed before a price changed keeps the plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices(Vec<(Product, String)>);

impl FromStr for Prices {
    type Err = String;

    /// Takes `starter=price_1,pro=price_2,max=price_3,5h=price_4,20h=price_5`.
    fn from_str(list: &str) -> Result<Self, String> {
        let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
        let read = items.map(|item| {
            let (name, price) = item.split_once('=').map(|(name, price)| (name.trim(), price.trim()))?;
            let product = Product::ALL.into_iter().find(|product| product.name() == name)?;
            (!price.is_empty()).then(|| (product, price.to_owned()))
        });
        read.collect::<Option<_>>().map(Self).ok_or_else(|| {
            format!("lists prices such as starter=price_1,pro=price_2,max=price_3,5h=price_4,20h=price_5, not {list:?}")
        })
    }
}

impl Prices {
    /// The price at which the product is sold.
    pub fn of(&self, product: Product) -> Option<&str> {
        self.0.iter().find(|(priced, _)| *priced == product).map(|(_, price)| price.as_str())
    }

    /// The plan that a price pays for.
    pub fn plan(&self, price: &str) -> Option<Plan> {
        let (product, _) = self.0.iter().find(|(_, known)| known == price)?;
        match product.grant() {
            Grant::Plan(plan) => Some(plan),
            Grant::CreditHours(_) => None,
        }
    }
}

/// Where a subscription is in its life, in the words of Stripe.
///
/// The order is that of a life: of two states that are reported for the same second, the greater is the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// The first payment is still to be made.
    Incomplete,
    /// Not paid for yet, by agreement.
    Trialing,
    /// Paid for.
    Active,
    /// A payment failed and is tried again.
    PastDue,
    /// A trial ended without a way to pay.
    Paused,
    /// No payment is tried any more.
    Unpaid,
    /// The first payment was never made.
    IncompleteExpired,
    /// Over.
    Canceled,
}

impl SubscriptionStatus {
    /// Whether the plan holds. It does while a failed payment is still being tried again.
    pub fn keeps_plan(self) -> bool {
        match self {
            Self::Trialing | Self::Active | Self::PastDue => true,
            Self::Incomplete | Self::Paused | Self::Unpaid | Self::IncompleteExpired | Self::Canceled => {
                false
            }
        }
    }
}

/// A subscription as an event reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The plan of its price; free when the price is none of ours any more.
    pub plan: Plan,
    /// Where it is in its life.
    pub status: SubscriptionStatus,
    /// When the event was made, to the second.
    pub as_of: Timestamp,
}

impl Subscription {
    /// Whether this report takes the place of one that is known. Events arrive in any order: an older one never does.
    /// Within a second the one further on in the life of a subscription counts, and of two equal ones the last that
    /// came.
    pub fn supersedes(&self, known: &Self) -> bool {
        (self.as_of, self.status) >= (known.as_of, known.status)
    }

    /// The plan that it gives as things are.
    pub fn grants(&self) -> Plan {
        if self.status.keeps_plan() { self.plan } else { Plan::Free }
    }
}

/// The plan of a customer with these subscriptions: the greatest that one of them gives.
pub fn plan_of<'a>(subscriptions: impl IntoIterator<Item = &'a Subscription>) -> Plan {
    subscriptions.into_iter().map(Subscription::grants).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64, plan: Plan, status: SubscriptionStatus) -> Subscription {
        Subscription { plan, status, as_of: Timestamp::from_second(second).unwrap() }
    }

    #[test]
    fn reads_the_price_table_both_ways() {
        let prices: Prices = "starter=price_s, pro=price_p,pro=price_old,5h=price_5".parse().unwrap();
        assert_eq!(prices.of(Product::Pro), Some("price_p"));
        assert_eq!(prices.of(Product::Max), None);
        assert_eq!(prices.plan("price_old"), Some(Plan::Pro));
        assert_eq!((prices.plan("price_5"), prices.plan("price_x")), (None, None));
        assert_eq!("".parse(), Ok(Prices::default()));
        for bad in ["pro", "pro=", "platinum=price_1", "free=price_1", "pro=price_1,enterprise=price_2"] {
            assert!(bad.parse::<Prices>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sells_what_the_references_offer() {
        assert_eq!(Product::granting(Grant::Plan(Plan::Pro)), Some(Product::Pro));
        assert_eq!(Product::granting(Grant::CreditHours(20)), Some(Product::TwentyHours));
        for other in [Grant::Plan(Plan::Free), Grant::Plan(Plan::Enterprise), Grant::CreditHours(6)] {
            assert_eq!(Product::granting(other), None, "{other:?}");
        }
    }

    #[test]
    fn an_older_report_never_wins() {
        use SubscriptionStatus::{Active, Canceled, Incomplete};
        let active = at(100, Plan::Pro, Active);
        assert!(!at(99, Plan::Pro, Canceled).supersedes(&active));
        assert!(at(101, Plan::Max, Active).supersedes(&active));
        // Created, paid and cancelled within a second, in whatever order that is told.
        assert!(!at(100, Plan::Pro, Incomplete).supersedes(&active));
        assert!(at(100, Plan::Pro, Canceled).supersedes(&active));
        assert!(at(100, Plan::Max, Active).supersedes(&active));
    }

    #[test]
    fn a_plan_holds_while_it_is_paid_for() {
        use SubscriptionStatus::{
            Active, Canceled, Incomplete, IncompleteExpired, PastDue, Paused, Trialing, Unpaid,
        };
        for kept in [Active, Trialing, PastDue] {
            assert_eq!(at(0, Plan::Max, kept).grants(), Plan::Max, "{kept:?}");
        }
        for lost in [Canceled, Unpaid, IncompleteExpired, Incomplete, Paused] {
            assert_eq!(at(0, Plan::Max, lost).grants(), Plan::Free, "{lost:?}");
        }
        let both = [at(0, Plan::Starter, Active), at(0, Plan::Max, Canceled)];
        assert_eq!(plan_of(&both), Plan::Starter);
        assert_eq!(plan_of([]), Plan::Free);
    }
}
