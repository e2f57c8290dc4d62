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

/// The failure where nothing better is known, or a wrong setting of this service keeps the download from beginning.
pub fn not_downloaded() -> Failure {
    Failure::new(FailureCode::FetchFailed, NOT_DOWNLOADED)
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
                (FailureCode::FetchFailed, NOT_DOWNLOADED)
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
mod tests {
    use super::*;

    const NOTHING: Had = Had { proxy: false, cookies: false };

    /// Errors as yt-dlp prints them: from its source (2026.10.26), from its repository's issues, and from runs.
    const MESSAGES: [(&str, FailureCode, &str); 32] = [
        (
            "[youtube] HfsYcW: Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ#how-do-i-pass-cookies-to-yt-dlp  for how to manually pass cookies.",
            FailureCode::YoutubeBlocked,
            "YouTubeProxyArn",
        ),
        (
            "[youtube] abc123: Sign in to confirm you're not a bot. This helps protect our community. Learn more",
            FailureCode::YoutubeBlocked,
            "YouTubeCookiesArn",
        ),
        (
            "[youtube] abc123: Something went wrong. YouTube is requiring a captcha challenge before playback",
            FailureCode::YoutubeBlocked,
            "YouTubeProxyArn",
        ),
        (
            "unable to download video data: HTTP Error 403: Forbidden",
            FailureCode::YoutubeBlocked,
            "YouTubeProxyArn",
        ),
        (
            "[youtube] abc123: Unable to download webpage: HTTP Error 403: Forbidden (caused by <HTTPError 403: Forbidden>)",
            FailureCode::YoutubeBlocked,
            "YouTubeProxyArn",
        ),
        (
            "[youtube] abc123: Unable to download API page: HTTP Error 429: Too Many Requests (caused by <HTTPError 429: Too Many Requests>)",
            FailureCode::YoutubeBlocked,
            "YouTubeProxyArn",
        ),
        (
            "[youtube] abc123: Video unavailable. This content isn't available, try again later. The current session has been rate-limited by YouTube for up to an hour. It is recommended to use `-t sleep` to add a delay between video requests to avoid exceeding the rate limit.",
            FailureCode::YoutubeBlocked,
            "YouTubeProxyArn",
        ),
        (
            "[youtube] abc123: Video unavailable. This content isn’t available, try again later.",
            FailureCode::YoutubeBlocked,
            "YouTubeProxyArn",
        ),
        (
            "[youtube] abc123: All player responses are invalid. Your IP is likely being blocked by Youtube",
            FailureCode::YoutubeBlocked,
            "YouTubeProxyArn",
        ),
        (
            "[youtube] 4w500r-xfJM: The page needs to be reloaded.. The page needs to be reloaded.",
            FailureCode::YoutubeBlocked,
            "renew the layer",
        ),
        (
            "[youtube] abc123: Sign in to confirm your age. This video may be inappropriate for some users. Use --cookies-from-browser or --cookies for the authentication.",
            FailureCode::YoutubeUnavailable,
            "grown-up",
        ),
        (
            "[youtube] abc123: Private video. Sign in if you've been granted access to this video. Use --cookies-from-browser or --cookies for the authentication.",
            FailureCode::YoutubeUnavailable,
            "",
        ),
        ("[youtube] abc123: Video unavailable. This video is private", FailureCode::YoutubeUnavailable, ""),
        (
            "[youtube] abc123: Video unavailable. This video has been removed by the uploader",
            FailureCode::YoutubeUnavailable,
            "",
        ),
        (
            "[youtube] abc123: This video has been removed for violating YouTube's Terms of Service",
            FailureCode::YoutubeUnavailable,
            "",
        ),
        (
            "[youtube] abc123: Video unavailable. This video is no longer available because the YouTube account associated with this video has been terminated.",
            FailureCode::YoutubeUnavailable,
            "",
        ),
        ("[youtube] abc123: Video unavailable", FailureCode::YoutubeUnavailable, ""),
        ("[youtube] abc123: This video is not available", FailureCode::YoutubeUnavailable, ""),
        (
            "[youtube] ltcd1B8WyTM: Video unavailable. The uploader has not made this video available in your country\nThis video is available in Germany.\nYou might want to use a VPN or a proxy server (with --proxy) to workaround.",
            FailureCode::YoutubeUnavailable,
            "a proxy in a country",
        ),
        (
            "[youtube] abc123: Video unavailable. This video contains content from SME, who has blocked it in your country on copyright grounds",
            FailureCode::YoutubeUnavailable,
            "a proxy in a country",
        ),
        ("[youtube] zDDmqpnkPy8: This live event will begin in 2 days.", FailureCode::YoutubeUnavailable, ""),
        ("[youtube] CviUGzWvm6w: Premieres in 6 hours", FailureCode::YoutubeUnavailable, ""),
        (
            "[youtube] abc123: This live stream recording is not available.",
            FailureCode::YoutubeUnavailable,
            "",
        ),
        (
            "[youtube] abc123: Join this channel to get access to members-only content like this video, and other exclusive perks.",
            FailureCode::YoutubeUnavailable,
            "a member's account",
        ),
        (
            "[youtube] abc123: This video is available to this channel's members on level: Supporter (or any higher level). Join this channel to get access to members-only content and other exclusive perks.",
            FailureCode::YoutubeUnavailable,
            "a member's account",
        ),
        (
            "[youtube] abc123: This video requires payment to watch.",
            FailureCode::YoutubeUnavailable,
            "a member's account",
        ),
        ("[youtube] abc123: This video is DRM protected", FailureCode::YoutubeUnavailable, ""),
        ("unable to write data: [Errno 28] No space left on device", FailureCode::TooLarge, ""),
        (
            "[generic] a: Unable to download webpage: HTTP Error 407: Proxy Authentication Required (caused by <HTTPError 407: Proxy Authentication Required>)",
            FailureCode::FetchFailed,
            "user and password",
        ),
        (
            "[generic] a: Unable to download webpage: <urlopen error Tunnel connection failed: 502 Bad Gateway> (caused by ProxyError('…')); please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= ",
            FailureCode::FetchFailed,
            "YouTubeProxyArn",
        ),
        (
            "'/tmp/x/cookies.txt' does not look like a Netscape format cookies file",
            FailureCode::FetchFailed,
            "YouTubeCookiesArn",
        ),
        (
            "[youtube] abc123: Failed to extract any player response; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= ",
            FailureCode::FetchFailed,
            "renew the layer",
        ),
    ];

    #[test]
    fn each_message_has_its_code_and_its_advice() {
        for (message, code, advice) in MESSAGES {
            let refusal = Refusal::of(
                "",
                &format!("WARNING: [youtube] abc123: some formats may be missing\nERROR: {message}\n"),
                NOTHING,
            );
            assert_eq!(refusal.failure.code, code, "{message}");
            let given = refusal.advice.unwrap_or_default();
            assert!(given.contains(advice) && given.is_empty() == advice.is_empty(), "{message}: {given}");
        }
    }

    #[test]
    fn what_is_no_error_to_it_is_told_on_its_standard_output() {
        let large = "[download] File is larger than max-filesize (5000 bytes > 10 bytes). Aborting.";
        let live = "[download] News (1) does not pass filter (!is_live), skipping ..";
        let code = |stdout| Refusal::of(stdout, "", NOTHING).failure.code;
        assert_eq!((code(large), code(live)), (FailureCode::TooLarge, FailureCode::YoutubeUnavailable));
    }

    #[test]
    fn a_missing_runtime_is_named_only_where_it_is_the_reason() {
        let warning = "WARNING: [youtube] No supported JavaScript runtime could be found. Only deno is enabled by default; to use another runtime add  --js-runtimes RUNTIME[:PATH]  to your command/config.";
        let of = |error: &str| Refusal::of("", &format!("{warning}\nERROR: {error}"), NOTHING);
        for error in [
            "[youtube] abc123: Requested format is not available. Use --list-formats for a list of available formats",
            "[youtube] abc123: No video formats found!; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= ",
        ] {
            let refusal = of(error);
            assert!(refusal.advice.is_some_and(|advice| advice.contains("JavaScript runtime")), "{error}");
            assert_eq!(refusal.failure.code, FailureCode::FetchFailed);
        }
        assert_eq!(of("[youtube] abc123: Private video").failure.code, FailureCode::YoutubeUnavailable);
        assert_eq!(
            of("[youtube] abc123: Sign in to confirm you’re not a bot.").failure.code,
            FailureCode::YoutubeBlocked
        );
    }

    #[test]
    fn the_owner_is_told_what_happened_and_the_operator_what_to_set() {
        let error = "ERROR: [youtube] abc123: Sign in to confirm you’re not a bot.";
        let mut advices = vec![];
        for (proxy, cookies) in [(false, false), (true, false), (false, true), (true, true)] {
            let refusal = Refusal::of("", error, Had { proxy, cookies });
            let detail = refusal.failure.detail;
            assert!(!detail.contains("Arn") && detail.contains("Upload the file"), "{detail}");
            let advice = refusal.advice.unwrap_or_default();
            assert!(advice.contains("YouTubeProxyArn") && advice.contains("YouTubeCookiesArn"), "{advice}");
            advices.push(advice);
        }
        advices.dedup();
        assert_eq!(advices.len(), 4);
    }

    #[test]
    fn what_is_not_known_is_worth_another_try() {
        let refusal = Refusal::of("", "ERROR: [Errno 111] Connection refused", NOTHING);
        assert_eq!((refusal.failure.code, refusal.advice), (FailureCode::FetchFailed, None));
        let through =
            Refusal::of("", "ERROR: [Errno 111] Connection refused", Had { proxy: true, cookies: false });
        assert!(through.advice.is_some_and(|advice| advice.contains("YouTubeProxyArn")));
    }
}
