//! The one table of what can be wrong with a request.

/// What is wrong. Each kind has one status and one title in both contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A field is missing, of the wrong type or out of range.
    InvalidRequest,
    /// Not a YouTube URL that this service understands.
    InvalidYoutubeUrl,
    /// No credentials, or credentials that do not hold.
    Unauthorized,
    /// The plan's number of videos or questions is used up.
    PlanLimitExceeded,
    /// The account has no hours left (Jobs contract).
    InsufficientCredits,
    /// The key lacks a scope.
    InsufficientScope,
    /// It does not exist, or is somebody else's, which is the same.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The same video is held already.
    AlreadyIndexed,
    /// The account has a subscription already, so another would be charged on top of it.
    AlreadySubscribed,
    /// The video is not in the state that the call needs.
    NotReady,
    /// The job or video has ended, so that it cannot be cancelled any more.
    AlreadyEnded,
    /// The same named request is being carried out.
    InProgress,
    /// The body is too large.
    PayloadTooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// A request's name was used for another request.
    IdempotencyKeyReused,
    /// Too many requests in this minute.
    RateLimited,
    /// Too many uploads under way.
    TooManyUploads,
    /// This service's own fault.
    Internal,
    /// Something this service needs does not answer.
    Unavailable,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::InvalidRequest,
        Self::InvalidYoutubeUrl,
        Self::Unauthorized,
        Self::PlanLimitExceeded,
        Self::InsufficientCredits,
        Self::InsufficientScope,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::AlreadyIndexed,
        Self::AlreadySubscribed,
        Self::NotReady,
        Self::AlreadyEnded,
        Self::InProgress,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyReused,
        Self::RateLimited,
        Self::TooManyUploads,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The table: HTTP status code and title.
    fn row(self) -> (u16, &'static str) {
        match self {
            Self::InvalidRequest => (400, "Invalid request"),
            Self::InvalidYoutubeUrl => (400, "Invalid YouTube URL"),
            Self::Unauthorized => (401, "Unauthorized"),
            Self::PlanLimitExceeded => (402, "Plan limit exceeded"),
            Self::InsufficientCredits => (403, "Insufficient credits"),
            Self::InsufficientScope => (403, "Insufficient scope"),
            Self::NotFound => (404, "Not found"),
            Self::MethodNotAllowed => (405, "Method not allowed"),
            Self::AlreadyIndexed => (409, "Video already indexed"),
            Self::AlreadySubscribed => (409, "Already subscribed"),
            Self::NotReady => (409, "Video not ready"),
            Self::AlreadyEnded => (409, "Already ended"),
            Self::InProgress => (409, "Request in progress"),
            Self::PayloadTooLarge => (413, "Payload too large"),
            Self::UnsupportedMediaType => (415, "Unsupported media type"),
            Self::IdempotencyKeyReused => (422, "Idempotency key reused"),
            Self::RateLimited => (429, "Too many requests"),
            Self::TooManyUploads => (429, "Too many uploads"),
            Self::Internal => (500, "Internal error"),
            Self::Unavailable => (503, "Service unavailable"),
        }
    }

    /// The HTTP status code.
    pub fn status(self) -> u16 {
        self.row().0
    }

    /// The title, the same for every occurrence.
    pub fn title(self) -> &'static str {
        self.row().1
    }

    /// The `type` of RFC 9457: the title in kebab case under the public address of the error pages.
    pub fn type_uri(self) -> String {
        format!("https://frameiq.app/errors/{}", self.title().to_lowercase().replace(' ', "-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_reference_example() {
        let kind = ProblemKind::PlanLimitExceeded;
        assert_eq!((kind.status(), kind.title()), (402, "Plan limit exceeded"));
        assert_eq!(kind.type_uri(), "https://frameiq.app/errors/plan-limit-exceeded");
    }

    #[test]
    fn every_kind_has_a_type_of_its_own() {
        let types: std::collections::HashSet<_> =
            ProblemKind::ALL.iter().map(|kind| kind.type_uri()).collect();
        assert_eq!(types.len(), ProblemKind::ALL.len());
    }
}
