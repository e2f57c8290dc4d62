//! What processing a video costs by the price list, stage by stage: what was used, and what a video will use.
//!
//! This is what the work costs, not what its owner pays: that is [`crate::metering`]'s.

use serde::{Deserialize, Serialize};

use crate::prices::{self, LAMBDA, NOVA_2_LITE, TITAN_EMBED_V2, TRANSCRIBE, Unit};
use crate::processing_mode::ProcessingMode;
use crate::provider::{Choices, Provider};
use crate::stage::Stage;
use crate::time::Seconds;

/// What was used, at every attempt: work that was done twice is counted twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    /// Memory of functions times the time for which they ran, in megabyte-milliseconds.
    pub megabyte_ms: u64,
    /// Tokens that models were sent.
    pub input_tokens: u64,
    /// Tokens that models answered with.
    pub output_tokens: u64,
    /// Sound that a service listened to.
    pub audio_secs: u64,
    /// Pictures that a service priced one by one.
    pub pictures: u64,
    /// What of all that but the functions' is in the price list. What is not, such as a server of the operator's own,
    /// counts as nothing.
    pub service_micro_dollars: u64,
}

impl Spent {
    /// Counts what a model or service was used for, by its name in the price list or whatever name it has.
    pub fn count(&mut self, of: &str, unit: Unit, units: u64) {
        let counter = match unit {
            Unit::InputToken => &mut self.input_tokens,
            Unit::OutputToken => &mut self.output_tokens,
            Unit::AudioSecond => &mut self.audio_secs,
            Unit::Picture => &mut self.pictures,
            Unit::MegabyteSecond => {
                self.megabyte_ms = self.megabyte_ms.saturating_add(units.saturating_mul(1000));
                return;
            }
        };
        *counter = counter.saturating_add(units);
        let cost = prices::cost(of, unit, units).unwrap_or(0);
        self.service_micro_dollars = self.service_micro_dollars.saturating_add(cost);
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            megabyte_ms: self.megabyte_ms.saturating_add(other.megabyte_ms),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            audio_secs: self.audio_secs.saturating_add(other.audio_secs),
            pictures: self.pictures.saturating_add(other.pictures),
            service_micro_dollars: self.service_micro_dollars.saturating_add(other.service_micro_dollars),
        }
    }

    /// What functions used, as AWS bills it.
    pub fn gigabyte_seconds(&self) -> f64 {
        self.megabyte_ms as f64 / 1024.0 / 1000.0
    }

    /// The same as receipts show it. A thousandth is what a small function uses in eight milliseconds.
    pub fn shown_gigabyte_seconds(&self) -> f64 {
        (self.gigabyte_seconds() * 1e3).round() / 1e3
    }

    /// All of it, in micro-dollars.
    pub fn micro_dollars(&self) -> u64 {
        let functions = prices::cost(LAMBDA, Unit::MegabyteSecond, self.megabyte_ms.div_ceil(1000));
        self.service_micro_dollars.saturating_add(functions.unwrap_or(0))
    }

    /// Whether nothing was used.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a video of that length will use, about, in the order of the stages.
pub fn estimate(length: Seconds, mode: ProcessingMode, choices: &Choices) -> Vec<(Stage, Spent)> {
    let stages = Stage::ALL.map(|stage| {
        let mut spent = Spent::default();
        for (of, unit, an_hour) in an_hour(stage, mode, choices) {
            spent.count(of, unit, (an_hour * length.get() / 3600.0).ceil() as u64);
        }
        (stage, spent)
    });
    stages.into()
}

/// What an hour of video uses in a stage: of what, in which unit, how much. A scene lasts 12 s, and somebody always speaks.
///
/// Functions have the memory that the template gives them. Decoding is that of `make bench-media`: 7.5 s of a core for a
/// minute of 1080p30 in H.264; where a service does the work, functions wait for it. A description by Nova is 230 tokens
/// for the picture (its user guide), a fifth of 520 for the question and its form, and about 250 for the answer.
pub fn an_hour(stage: Stage, mode: ProcessingMode, choices: &Choices) -> Vec<(&'static str, Unit, f64)> {
    const SCENES: f64 = 300.0;
    // A core's worth of memory, which is what functions that work have; and what those have that wait.
    const CORE_MB: f64 = 1769.0;
    let functions = |secs: f64| (LAMBDA, Unit::MegabyteSecond, secs * CORE_MB);
    let (describes, transcribes) = (mode.describes(), mode.transcribes());
    match stage {
        Stage::Download => vec![functions(30.0)],
        // Of mode transcript, the sound alone is decoded.
        Stage::Extract => vec![functions(if describes { 480.0 } else { 30.0 })],
        Stage::Describe => {
            let mut uses = vec![];
            if describes {
                uses.extend(match choices.describe {
                    Provider::Builtin => vec![functions(SCENES * 0.5)],
                    Provider::Aws => vec![
                        functions(SCENES * 0.35),
                        (NOVA_2_LITE, Unit::InputToken, SCENES * 334.0),
                        (NOVA_2_LITE, Unit::OutputToken, SCENES * 250.0),
                    ],
                    Provider::OpenAi(_) => vec![
                        functions(SCENES * 2.0),
                        ("", Unit::InputToken, SCENES * 1500.0),
                        ("", Unit::OutputToken, SCENES * 250.0),
                    ],
                });
            }
            if transcribes {
                uses.extend(match choices.transcribe {
                    Provider::Builtin => vec![functions(720.0)],
                    Provider::Aws => vec![functions(30.0), (TRANSCRIBE, Unit::AudioSecond, 3600.0)],
                    Provider::OpenAi(_) => vec![functions(240.0), ("", Unit::AudioSecond, 3600.0)],
                });
            }
            uses
        }
        Stage::Index => match choices.embed {
            Provider::Builtin => vec![functions(60.0)],
            Provider::Aws => vec![functions(40.0), (TITAN_EMBED_V2, Unit::InputToken, 60_000.0)],
            Provider::OpenAi(_) => vec![functions(30.0), ("", Unit::InputToken, 60_000.0)],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(provider: Provider) -> Choices {
        let answer = Provider::Builtin;
        Choices { describe: provider.clone(), transcribe: provider.clone(), embed: provider, answer }
    }

    fn total(length: f64, mode: ProcessingMode, choices: &Choices) -> u64 {
        estimate(Seconds::new(length), mode, choices).iter().map(|(_, spent)| spent.micro_dollars()).sum()
    }

    #[test]
    fn what_is_used_adds_up() {
        let mut spent = Spent::default();
        assert!(spent.is_nothing());
        spent.count(NOVA_2_LITE, Unit::InputToken, 1_000_000);
        spent.count(NOVA_2_LITE, Unit::OutputToken, 1_000);
        spent.count("a server of one's own", Unit::OutputToken, 1_000);
        assert_eq!((spent.input_tokens, spent.output_tokens), (1_000_000, 2_000));
        assert_eq!(spent.micro_dollars(), 300_000 + 2_500);
        // A gigabyte for 100 s: $0.0000166667 a second.
        spent.megabyte_ms = 1024 * 100_000;
        assert_eq!(spent.gigabyte_seconds(), 100.0);
        assert_eq!(spent.micro_dollars(), 302_500 + 1_667);
        let twice = spent.plus(spent);
        assert_eq!((twice.input_tokens, twice.megabyte_ms), (2_000_000, 2 * spent.megabyte_ms));
        assert_eq!(twice.service_micro_dollars, 2 * spent.service_micro_dollars);
    }

    #[test]
    fn an_hour_by_aws_costs_sixty_cents_at_most() {
        let hour = total(3600.0, ProcessingMode::All, &all(Provider::Aws));
        assert!((590_000..=600_000).contains(&hour), "{hour}");
    }

    #[test]
    fn what_is_not_asked_for_costs_nothing() {
        let aws = all(Provider::Aws);
        let [everything, vision, transcript] =
            [ProcessingMode::All, ProcessingMode::Vision, ProcessingMode::Transcript]
                .map(|mode| total(600.0, mode, &aws));
        assert!(vision < everything && transcript < everything, "{everything} {vision} {transcript}");
        assert!(total(600.0, ProcessingMode::All, &all(Provider::Builtin)) < vision);
        assert_eq!(total(0.0, ProcessingMode::All, &aws), 0);
    }
}
