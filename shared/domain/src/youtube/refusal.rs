//! Why yt-dlp gave no file, told from its words: nothing but words tells its reasons apart.
//!
//! Two texts come of each reason. The failure's is for the owner of the video, who can set nothing on this service; the
//! advice is for its operator, and goes to the log.

use crate::failure::{Failure, FailureCode};

/// Which settings a download had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Had {
    /// A proxy.
    pub proxy: bool,
    /// Cookies.
    pub cookies: bool,
}

/// What is made of yt-dlp's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the owner of the video is told.
    pub failure: Failure,
    /// What the operator can do about it, if anything.
    pub advice: Option<&'static str>,
}

/// Reasons that differ in what somebody can do about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    TooLarge,
    BadCookies,
    Age,
    Blocked,
    Reload,
    BadProxy,
    Country,
    Live,
    Members,
    Gone,
    Protected,
    NoRuntime,
    Outdated,
}

/// The words of each reason, as yt-dlp 2026.10 and YouTube behind it say them (found in yt-dlp's source and in the issues of
/// its repository). The first row that fits holds: YouTube puts "Video unavailable" before most reasons.
const WORDS: [(Reason, &[&str]); 13] = [
    (Reason::TooLarge, &["larger than max-filesize", "No space left on device"]),
    (Reason::BadCookies, &["Netscape format", "failed to load cookies"]),
    (Reason::Age, &["confirm your age", "age-restricted", "inappropriate for some users"]),
    (Reason::Reload, &["page needs to be reloaded"]),
    (
        Reason::Blocked,
        &[
            "not a bot",
            "captcha challenge",
            "rate-limited by YouTube",
            "isn't available, try again later",
            "isn’t available, try again later",
            "likely being blocked by Youtube",
            "HTTP Error 403",
            "HTTP Error 429",
        ],
    ),
    (
        Reason::BadProxy,
        &["HTTP Error 407", "Tunnel connection failed", "ProxyError", "connect to proxy", "SOCKS"],
    ),
    (Reason::Country, &["in your country", "geo restriction", "not available in your location"]),
    (
        Reason::Live,
        &[
            "does not pass filter",
            "live event will begin",
            "Premieres in",
            "Premiere will begin",
            "live stream recording is not available",
        ],
    ),
    (
        Reason::Members,
        &["members-only", "this channel's members", "requires payment", "Music Premium", "YouTube Premium"],
    ),
    (
        Reason::Gone,
        &[
            "Private video",
            "is private",
            "Video unavailable",
            "video is unavailable",
            "video is not available",
            "no longer available",
            "isn't available anymore",
            "has been removed",
            "has been terminated",
            "HTTP Error 404",
            "HTTP Error 410",
        ],
    ),
    (Reason::Protected, &["DRM protected"]),
    (Reason::NoRuntime, &["No supported JavaScript runtime", "challenge solving failed", "challenge solver"]),
    (
        Reason::Outdated,
        &[
            "No video formats found",
            "Requested format is not available",
            "Failed to extract",
            "report this issue",
        ],
    ),
];

/// What no reason was found for, and the reasons that are this service's own.
const NOT_DOWNLOADED: &str =
    "The video could not be downloaded from YouTube. Retry later, or upload the file.";

/// The failure where nothing better is known.
fn not_downloaded() -> Failure {
    Failure::new(FailureCode::FetchFailed, NOT_DOWNLOADED)
}

/// The failure where a wrong setting of this service keeps the download from beginning. Its owner is told no other words: a
/// retry helps as soon as the operator has mended it.
pub fn wrongly_set_up() -> Failure {
    Failure::new(FailureCode::FetchUnavailable, NOT_DOWNLOADED)
}

/// What is said of a download that takes longer than its function has.
pub const SLOW: &str =
    "The download from YouTube took longer than 13 minutes. Upload the file instead, or retry later.";

impl Reason {
    fn of(words: &str) -> Option<Self> {
        let fits = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
        WORDS.iter().find(|(_, signs)| fits(signs)).map(|(reason, _)| *reason)
    }

    fn failure(self) -> (FailureCode, &'static str) {
        match self {
            Self::TooLarge => (
                FailureCode::TooLarge,
                "The YouTube video is too large: 4 GB of picture and 1 GB of sound are the most. Upload a smaller file.",
            ),
            Self::Blocked | Self::Reload => (
                FailureCode::YoutubeBlocked,
                "YouTube refuses downloads from this service at the moment. Upload the file, or retry later.",
            ),
            Self::Age => (
                FailureCode::YoutubeUnavailable,
                "This YouTube video is restricted by age and cannot be downloaded. Upload the file instead.",
            ),
            Self::Country => (
                FailureCode::YoutubeUnavailable,
                "This YouTube video cannot be watched in the country from which this service downloads. Upload the file instead.",
            ),
            Self::Live => (
                FailureCode::YoutubeUnavailable,
                "This YouTube video is live, or has not begun. Retry when its recording can be watched.",
            ),
            Self::Members => (
                FailureCode::YoutubeUnavailable,
                "This YouTube video is for members or paying viewers only. Upload the file instead.",
            ),
            Self::Protected => (
                FailureCode::YoutubeUnavailable,
                "This YouTube video is protected against copying and cannot be downloaded. Use another one.",
            ),
            Self::Gone => (
                FailureCode::YoutubeUnavailable,
                "This YouTube video is private, removed or does not exist. Check the link.",
            ),
            Self::BadCookies | Self::BadProxy | Self::NoRuntime | Self::Outdated => {
                (FailureCode::FetchUnavailable, NOT_DOWNLOADED)
            }
        }
    }

    fn advice(self, had: Had) -> Option<&'static str> {
        match self {
            Self::Blocked => Some(match (had.proxy, had.cookies) {
                (false, false) => {
                    "YouTube refuses this service's address: deploy with YouTubeProxyArn, the secret of a proxy with another address, or YouTubeCookiesArn, the secret of a signed-in browser's cookies"
                }
                (true, false) => {
                    "YouTube refuses the address of the proxy in YouTubeProxyArn: put one with another address there, or deploy with YouTubeCookiesArn"
                }
                (false, true) => {
                    "YouTube refuses the account in YouTubeCookiesArn, or its cookies are no longer valid: export them anew, or deploy with YouTubeProxyArn"
                }
                (true, true) => {
                    "YouTube refuses the proxy in YouTubeProxyArn together with the account in YouTubeCookiesArn: export the cookies anew, through that proxy, or put another proxy there"
                }
            }),
            Self::Reload | Self::Outdated => Some(
                "YouTube has changed, or refuses this service's address: renew the layer with yt-dlp; if that does not help, set YouTubeProxyArn or YouTubeCookiesArn",
            ),
            Self::BadCookies => Some(
                "yt-dlp cannot read YouTubeCookiesArn: it must be the text of a cookies file in Netscape's format",
            ),
            Self::BadProxy => Some(
                "the proxy in YouTubeProxyArn lets nothing through: check its host, port, user and password",
            ),
            Self::NoRuntime => Some(
                "yt-dlp finds no JavaScript runtime: the layer with yt-dlp needs one, and yt-dlp-ejs, for YouTube",
            ),
            Self::Age => {
                Some("cookies of a grown-up's account in YouTubeCookiesArn let such videos be downloaded")
            }
            Self::Country => Some(
                "a proxy in a country where it may be watched, in YouTubeProxyArn, lets it be downloaded",
            ),
            Self::Members => {
                Some("cookies of a member's account in YouTubeCookiesArn let such videos be downloaded")
            }
            Self::TooLarge | Self::Live | Self::Gone | Self::Protected => None,
        }
    }
}

impl Refusal {
    /// What is made of what yt-dlp printed. Its errors decide; where they decide nothing, its warnings do, which it also
    /// gives where it then succeeds in another way.
    pub fn of(stdout: &str, stderr: &str, had: Had) -> Self {
        let errors: String = lines_of(stderr, true).chain(stdout.lines()).collect::<Vec<_>>().join("\n");
        let warnings = || lines_of(stderr, false).collect::<Vec<_>>().join("\n");
        let found = match Reason::of(&errors) {
            // Also what yt-dlp says when it lacks a runtime, of which it only warns.
            None | Some(Reason::Outdated) => {
                let warned = Reason::of(&warnings()).filter(|reason| *reason == Reason::NoRuntime);
                warned.or_else(|| Reason::of(&errors))
            }
            decided => decided,
        };
        match found {
            Some(reason) => {
                let (code, detail) = reason.failure();
                Self { failure: Failure::new(code, detail), advice: reason.advice(had) }
            }
            None => Self {
                failure: not_downloaded(),
                advice: had
                    .proxy
                    .then_some("if this goes on, check that the proxy in YouTubeProxyArn answers"),
            },
        }
    }
}

/// The lines with errors, or the others.
fn lines_of(stderr: &str, with_errors: bool) -> impl Iterator<Item = &str> {
    // An error may go on for several lines; a warning starts anew.
    let mut in_error = false;
    stderr.lines().filter(move |line| {
        if line.starts_with("ERROR:") || line.starts_with("OSError") {
            in_error = true;
        } else if line.starts_with("WARNING:") {
            in_error = false;
        }
        in_error == with_errors
    })
}

#[cfg(test)]
mod tests;
