//! What the programs that this service starts are told by their environment: what they need to run, and no secret. A
//! function's own environment has its credentials, and such programs read files that strangers made.

use std::ffi::{OsStr, OsString};

/// Where programs and libraries are, where to write, how to speak, and how to reach the network.
const TOLD: [&str; 19] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "HOME",
    "TMPDIR",
    "TZ",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    // yt-dlp; ffmpeg and ffprobe need them where loopback is to go around a proxy.
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    // Where it is not beside the program.
    "TESSDATA_PREFIX",
];

/// Of this process's variables those that a program is told, to be set after its environment was cleared.
pub fn environment(
    own: impl IntoIterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    own.into_iter().filter(|(name, _)| TOLD.iter().any(|told| name == OsStr::new(told)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credentials_are_told() {
        let own = [
            "PATH",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_LAMBDA_RUNTIME_API",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "OPENAI_API_KEY_ARN",
            "TABLE",
            "LD_PRELOAD",
            "path",
            "HOME",
        ];
        let own = own.map(|name| (OsString::from(name), OsString::from("x")));
        let told: Vec<OsString> = environment(own).map(|(name, _)| name).collect();
        assert_eq!(told, ["PATH", "HOME"]);
    }
}
