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
    ("[youtube] abc123: This live stream recording is not available.", FailureCode::YoutubeUnavailable, ""),
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
        FailureCode::FetchUnavailable,
        "user and password",
    ),
    (
        "[generic] a: Unable to download webpage: <urlopen error Tunnel connection failed: 502 Bad Gateway> (caused by ProxyError('…')); please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= ",
        FailureCode::FetchUnavailable,
        "YouTubeProxyArn",
    ),
    (
        "'/tmp/x/cookies.txt' does not look like a Netscape format cookies file",
        FailureCode::FetchUnavailable,
        "YouTubeCookiesArn",
    ),
    (
        "[youtube] abc123: Failed to extract any player response; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= ",
        FailureCode::FetchUnavailable,
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
        // Somebody is woken for what the operator alone can mend, and for nothing else.
        assert_eq!(code.is_service_fault(), code == FailureCode::FetchUnavailable, "{message}");
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
        assert_eq!(refusal.failure.code, FailureCode::FetchUnavailable);
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
