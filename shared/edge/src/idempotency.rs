//! Carrying out a named request once, however often it is sent.
//!
//! After draft-ietf-httpapi-idempotency-key-header: the same answer for the same request, 409 while the first is under
//! way, 422 for another body. Only what was carried out is kept; a refusal made nothing, and its name is free again.

use std::future::Future;

use domain::ids::VideoId;
use domain::problem::ProblemKind;
use http::StatusCode;
use sha2::{Digest, Sha256};
use store::{Claim, NamedAnswer, NamedRequest};

use crate::call::Call;
use crate::ids;
use crate::problem::Problem;
use crate::reply::{Body, Reply};

const HEADER: &str = "Idempotency-Key";
/// Longer names are refused.
const MAX_CHARS: usize = 255;

/// A video that is being made.
pub struct Making {
    /// The id that it is to have: the same at every attempt at a named request.
    pub id: VideoId,
    /// The request that its answer is kept for.
    request: Option<NamedRequest>,
}

impl Making {
    /// `reply`, to be kept for repetitions of the request in the write that makes the video; nothing for a request
    /// without a name.
    pub fn answered_by(self, reply: &Reply) -> Option<NamedAnswer> {
        match (self.request, &reply.body) {
            (Some(request), Body::Whole(body)) => {
                Some(NamedAnswer { request, status: reply.status.as_u16(), body: body.clone() })
            }
            // A stream cannot be kept; no endpoint that makes a video answers with one.
            (Some(_), Body::Stream(_)) | (None, _) => None,
        }
    }
}

/// Holds the name of a request that makes nothing against the rules for those that do.
///
/// # Errors
/// 400 for text that is no name.
pub fn check_name(call: &Call, in_body: Option<&str>) -> Result<(), Problem> {
    named(call, in_body).map(drop)
}

/// Makes a video. `make` gets the id that it is to have; a request without a name gets a new one each time. `in_body`
/// is where the SDKs put the name; the header wins. `owner` is what is to be known of who the video is for: it is read
/// beside the claim, and what is wrong with it counts only if the request is to be carried out.
///
/// # Errors
/// As `owner` and `make`; 409 and 422 for repetitions that cannot be answered.
pub async fn once<T>(
    call: &Call,
    in_body: Option<&str>,
    owner: impl Future<Output = Result<T, Problem>>,
    make: impl AsyncFnOnce(Making, T) -> Result<Reply, Problem>,
) -> Result<Reply, Problem> {
    let Some(request) = named(call, in_body)? else {
        return make(Making { id: ids::new_video(), request: None }, owner.await?).await;
    };
    let claim = call.app.store.claim_request(&request, ids::new_video(), call.now);
    let (claim, owner) = futures::join!(claim, owner);
    let id = match claim? {
        Claim::Ours(id) => id,
        Claim::Answered { status, body } => return Ok(answered(status, body)),
        Claim::UnderWay => return Err(under_way()),
        Claim::OtherBody => return Err(other_body()),
    };
    let outcome = match owner {
        Ok(owner) => make(Making { id, request: Some(request.clone()) }, owner).await,
        Err(refused) => Err(refused),
    };
    let freed = match &outcome {
        // Kept with the video.
        Ok(_) => Ok(()),
        Err(problem) if problem.kind.status() < 500 => call.app.store.forget_request(&request).await,
        Err(_) => call.app.store.reopen_request(&request).await,
    };
    // Not lost: in 30 s the next attempt takes over.
    if let Err(error) = freed {
        tracing::error!(error = %error, "a named request that was refused is not free yet");
    }
    outcome
}

fn named(call: &Call, in_body: Option<&str>) -> Result<Option<NamedRequest>, Problem> {
    let header = call.header(HEADER);
    let Some(name) = header.or(in_body) else { return Ok(None) };
    if name.is_empty() || name.chars().count() > MAX_CHARS {
        let detail = format!("{HEADER} is a name of 1 to {MAX_CHARS} characters, such as a UUID.");
        return Err(Problem::invalid(detail));
    }
    Ok(Some(NamedRequest {
        user: call.user()?,
        route: call.resource.clone(),
        name: hash(name.as_bytes()),
        fingerprint: hash(call.raw_body()),
    }))
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn answered(status: u16, body: String) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    Reply { status, ..Reply::text("application/json", body) }
}

fn under_way() -> Problem {
    let detail = "A request with this idempotency key is being carried out. Try again in a moment.";
    Problem::new(ProblemKind::InProgress, detail)
}

fn other_body() -> Problem {
    let detail = "This idempotency key was used with another body. Use a new key for a new request.";
    Problem::new(ProblemKind::IdempotencyKeyReused, detail)
}
