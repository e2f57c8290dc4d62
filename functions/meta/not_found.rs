//! Every path that is not in a contract: 404 in that contract's form.

use domain::problem::ProblemKind;
use edge::{Call, Door, Problem, Reply};

async fn not_found(_call: Call) -> Result<Reply, Problem> {
    Err(Problem::new(
        ProblemKind::NotFound,
        "There is no such endpoint. Check the path and the method against the API reference.",
    ))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Anywhere, not_found).await
}
