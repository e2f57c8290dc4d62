//! What AWS's models and services are called and cost: one table.
//!
//! List prices in US dollars without taxes, of US East (N. Virginia) or of the inference profile that is named, from
//! the first unit on (no free tier, no volume discount). They are estimates for receipts, not bills.

/// Describes and answers unless something else is chosen: sees pictures, must use a tool that it is told to, gives
/// boxes in thousandths. The global profile is asked from any commercial region, and sends requests to any of them.
pub const NOVA_2_LITE: &str = "global.amazon.nova-2-lite-v1:0";
/// Embeds unless something else is chosen.
pub const TITAN_EMBED_V2: &str = "amazon.titan-embed-text-v2:0";
/// Amazon Transcribe, standard batch jobs; speaker labels and finding the language cost nothing more.
pub const TRANSCRIBE: &str = "transcribe";
/// Amazon Rekognition, `DetectLabels`.
pub const REKOGNITION_LABELS: &str = "rekognition:DetectLabels";

/// Functions of AWS Lambda on x86-64.
pub const LAMBDA: &str = "lambda:x86_64";

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A token of a request. Nova 2 Lite counts 230 for each picture, whatever its size (its user guide, 2026-11).
    InputToken,
    /// A token of an answer.
    OutputToken,
    /// A second of sound.
    AudioSecond,
    /// A picture.
    Picture,
    /// A megabyte of a function's memory for a second.
    MegabyteSecond,
}

/// A line of the price list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// The id of the model or inference profile on Bedrock, or the name of the service.
    pub of: &'static str,
    /// What is counted.
    pub unit: Unit,
    /// Millionths of a dollar for a million units.
    pub micro_dollars_per_million: u64,
    /// When the figure was read, as year and month.
    pub read: &'static str,
    /// Where.
    pub source: &'static str,
}

const PRICE_LIST: &str = "AWS Price List Bulk API, as quoted by others";
const OPENROUTER: &str = "openrouter.ai/amazon/titan-embed-text-v2/providers";

/// The price list.
pub const PRICES: [Price; 8] = [
    tokens_in(NOVA_2_LITE, 300_000),
    tokens_out(NOVA_2_LITE, 2_500_000),
    tokens_in("us.amazon.nova-2-lite-v1:0", 330_000),
    tokens_out("us.amazon.nova-2-lite-v1:0", 2_750_000),
    Price {
        of: TITAN_EMBED_V2,
        unit: Unit::InputToken,
        micro_dollars_per_million: 20_000,
        read: "2026-11",
        source: OPENROUTER,
    },
    // USE1-TranscribeAudio, published 2026-09-11: $0.0001 a second, without a minimum.
    Price {
        of: TRANSCRIBE,
        unit: Unit::AudioSecond,
        micro_dollars_per_million: 100_000_000,
        read: "2026-09",
        source: PRICE_LIST,
    },
    // $0.001 up to a million pictures a month, less after that.
    Price {
        of: REKOGNITION_LABELS,
        unit: Unit::Picture,
        micro_dollars_per_million: 1_000_000_000,
        read: "2026-09",
        source: PRICE_LIST,
    },
    // $0.0000166667 for a gigabyte-second, which is 1,024 of these; requests cost next to nothing.
    Price {
        of: LAMBDA,
        unit: Unit::MegabyteSecond,
        micro_dollars_per_million: 16_276,
        read: "2026-11",
        source: "aws.amazon.com/lambda/pricing",
    },
];

const fn tokens_in(of: &'static str, price: u64) -> Price {
    let (unit, read, source) = (Unit::InputToken, "2026-09", PRICE_LIST);
    Price { of, unit, micro_dollars_per_million: price, read, source }
}

const fn tokens_out(of: &'static str, price: u64) -> Price {
    Price { unit: Unit::OutputToken, ..tokens_in(of, price) }
}

/// What so many units cost, in micro-dollars, rounded up; `None` for what is not in the list.
pub fn cost(of: &str, unit: Unit, units: u64) -> Option<u64> {
    let price = PRICES.iter().find(|price| price.of == of && price.unit == unit)?;
    let exact = u128::from(units) * u128::from(price.micro_dollars_per_million);
    u64::try_from(exact.div_ceil(1_000_000)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 450 tokens in and 250 out for each of 300 scenes, and an hour of sound.
    #[test]
    fn an_hour_of_video_costs_what_the_design_reckons_with() {
        let described = cost(NOVA_2_LITE, Unit::InputToken, 300 * 450).unwrap()
            + cost(NOVA_2_LITE, Unit::OutputToken, 300 * 250).unwrap();
        assert_eq!(described, 228_000);
        assert_eq!(cost(TRANSCRIBE, Unit::AudioSecond, 3_600), Some(360_000));
        assert_eq!(cost(REKOGNITION_LABELS, Unit::Picture, 300), Some(300_000));
    }

    #[test]
    fn parts_are_rounded_up_and_what_is_not_listed_has_no_price() {
        assert_eq!(cost(TITAN_EMBED_V2, Unit::InputToken, 1), Some(1));
        assert_eq!(cost(TITAN_EMBED_V2, Unit::OutputToken, 1), None);
        assert_eq!(cost("some.other-model", Unit::InputToken, 1), None);
        assert_eq!(cost(TRANSCRIBE, Unit::AudioSecond, u64::MAX), None);
    }

    #[test]
    fn nothing_is_listed_twice() {
        for (n, price) in PRICES.iter().enumerate() {
            assert!(
                PRICES[..n].iter().all(|other| (other.of, other.unit) != (price.of, price.unit)),
                "{price:?}"
            );
        }
    }
}
