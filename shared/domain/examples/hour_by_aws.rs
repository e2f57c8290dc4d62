//! What an hour of video costs by the provider `aws`, term by term: `stage, of, unit, units, micro-dollars` lines.
#![expect(clippy::print_stdout, reason = "it is for reading")]

use domain::cost::{Spent, an_hour};
use domain::processing_mode::ProcessingMode;
use domain::provider::{Choices, Provider};
use domain::stage::Stage;

fn main() {
    let aws = || Provider::Aws;
    let choices = Choices { describe: aws(), transcribe: aws(), embed: aws(), answer: aws() };
    for stage in Stage::ALL {
        for (of, unit, units) in an_hour(stage, ProcessingMode::All, &choices) {
            let mut spent = Spent::default();
            spent.count(of, unit, units.ceil() as u64);
            println!("{},{of},{unit:?},{units:.0},{}", stage.name(), spent.micro_dollars());
        }
    }
}
