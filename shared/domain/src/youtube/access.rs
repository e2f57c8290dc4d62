//! What an operator gives so that YouTube lets this service in: the URL of a proxy, and cookies. Both are secrets, so nothing
//! here can be printed, and what yt-dlp says is freed of them before it is logged.

use std::cmp::Reverse;

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

/// A setting that cannot be used. Says what is wrong and never repeats what was set.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccessError {
    /// Not the URL of a proxy.
    #[error(
        "the secret of YouTubeProxyArn must be the URL of a proxy, such as http://user:password@host:port; http, https, socks4, socks4a, socks5 and socks5h are known"
    )]
    Proxy,
    /// Not a file of cookies.
    #[error(
        "the secret of YouTubeCookiesArn must be a cookies file in Netscape's format, with `# Netscape HTTP Cookie File` in its first line and seven fields with tabs between them in each other; line {line} is not"
    )]
    Cookies {
        /// Which line, from 1.
        line: usize,
    },
}

/// What yt-dlp is given.
#[derive(Clone, Default)]
pub struct Access {
    proxy: Option<Url>,
    cookies: Option<String>,
}

impl Access {
    /// Reads the two secrets, where they are set.
    ///
    /// # Errors
    /// When one of them is not what it must be.
    pub fn new(proxy: Option<&str>, cookies: Option<String>) -> Result<Self, AccessError> {
        let proxy = proxy.map(|text| proxy_url(text.trim())).transpose()?;
        if let Some(cookies) = &cookies {
            check_cookies(cookies)?;
        }
        Ok(Self { proxy, cookies })
    }

    /// Whether there is a proxy.
    pub fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    /// The text of the cookies file, if there is one.
    pub fn cookies(&self) -> Option<&str> {
        self.cookies.as_deref()
    }

    /// What yt-dlp reads as its configuration. It goes through a pipe: arguments and environments can be read by others.
    pub fn configuration(&self) -> String {
        self.proxy.as_ref().map_or_else(String::new, |proxy| format!("--proxy \"{proxy}\"\n"))
    }

    /// `text` with stars in place of every secret in it, as it was set and as programs show it.
    pub fn redact(&self, text: &str) -> String {
        let proxy = self.proxy.iter().flat_map(|url| {
            let url_itself = [url.as_str().trim_end_matches('/').to_owned()];
            // Percent-encoded in the URL; who logs in with them decodes them first, and says so in an error.
            let parts = [url.username(), url.password().unwrap_or_default()];
            url_itself.into_iter().chain(parts.into_iter().flat_map(|part| [part.to_owned(), decoded(part)]))
        });
        let cookies = self.cookies.iter().flat_map(|cookies| cookies.lines().filter_map(value));
        let mut secrets: Vec<String> = proxy.chain(cookies.map(str::to_owned)).collect();
        secrets.retain(|secret| secret.len() > 2);
        // One may be a part of another, whose rest would stay.
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn proxy_url(text: &str) -> Result<Url, AccessError> {
    let url = text.parse::<Url>().map_err(|_| AccessError::Proxy)?;
    let known = matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h");
    // It is written between quotation marks for a reader that splits words as a shell does.
    let quotable = !url.as_str().contains(['"', '\\', '\n', '\r']);
    if known && quotable && url.has_host() { Ok(url) } else { Err(AccessError::Proxy) }
}

/// The same rules as yt-dlp's own reader, which repeats in its error a line that it does not take.
fn check_cookies(text: &str) -> Result<(), AccessError> {
    let first = text.lines().next().unwrap_or_default().trim_end();
    if !matches!(first, "# Netscape HTTP Cookie File" | "# HTTP Cookie File") {
        return Err(AccessError::Cookies { line: 1 });
    }
    for (number, line) in text.lines().enumerate() {
        let Some(fields) = fields(line) else { continue };
        let domain_flag =
            if fields.first().is_some_and(|domain| domain.starts_with('.')) { "TRUE" } else { "FALSE" };
        let expires = fields.get(4).copied().unwrap_or("?");
        let fits = fields.len() == 7
            && fields[1] == domain_flag
            && expires.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !fits {
            return Err(AccessError::Cookies { line: number + 1 });
        }
    }
    Ok(())
}

/// The fields of a line that is a cookie, and neither empty nor a comment.
fn fields(line: &str) -> Option<Vec<&str>> {
    let line = line.trim_end_matches('\r');
    let line = line.strip_prefix("#HttpOnly_").unwrap_or(line);
    let is_cookie = !line.starts_with('#') && !line.trim().is_empty();
    is_cookie.then(|| line.split('\t').collect())
}

fn value(line: &str) -> Option<&str> {
    fields(line)?.get(6).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIES: &str = "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n.youtube.com\tTRUE\t/\tTRUE\t1798761600\tSID\ts1d-v4lue\n#HttpOnly_.youtube.com\tTRUE\t/\tTRUE\t0\tHSID\thtt9only\r\nwww.youtube.com\tFALSE\t/\tFALSE\t\tPREF\t\n";

    fn error(proxy: Option<&str>, cookies: Option<&str>) -> String {
        Access::new(proxy, cookies.map(str::to_owned)).err().unwrap().to_string()
    }

    #[test]
    fn a_proxy_is_told_in_the_configuration() {
        for (given, told) in [
            ("http://me:s3cret@proxy.example:3128\n", "--proxy \"http://me:s3cret@proxy.example:3128/\"\n"),
            ("socks5h://proxy.example:1080", "--proxy \"socks5h://proxy.example:1080\"\n"),
            // What would end the quotation, or a word, is escaped as URLs do it.
            ("http://me:a'b \"c@proxy.example:1", "--proxy \"http://me:a'b%20%22c@proxy.example:1/\"\n"),
        ] {
            let access = Access::new(Some(given), None).ok().unwrap();
            assert_eq!(access.configuration(), told, "{given}");
        }
        assert_eq!(Access::default().configuration(), "");
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_not_repeated() {
        for text in [
            "",
            "proxy.example:3128",
            "ftp://me:s3cret@h/",
            "s3cret",
            "socks5://h\"s3cret:1",
            "file:///s3cret",
        ] {
            let error = error(Some(text), None);
            assert!(error.contains("YouTubeProxyArn") && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn cookies_are_taken_in_netscapes_format_alone() {
        assert_eq!(Access::new(None, Some(COOKIES.to_owned())).ok().unwrap().cookies(), Some(COOKIES));
        let with = |line: &str| format!("# HTTP Cookie File\n{line}\n");
        for (text, line) in [
            (String::new(), 1),
            ("[{\"name\": \"SID\", \"value\": \"s3cret\"}]".to_owned(), 1),
            ("SID=s3cret; HSID=s3cret".to_owned(), 1),
            (with(".youtube.com TRUE / TRUE 0 SID s3cret"), 2),
            // Each of these would be repeated by yt-dlp in what it says.
            (with(".youtube.com\tFALSE\t/\tTRUE\t0\tSID\ts3cret"), 2),
            (with("youtube.com\tTRUE\t/\tTRUE\t0\tSID\ts3cret"), 2),
            (with(".youtube.com\tTRUE\t/\tTRUE\tnever\tSID\ts3cret"), 2),
            (with("\n.youtube.com\tTRUE\t/\tTRUE\t0\tSID"), 3),
        ] {
            let error = error(None, Some(&text));
            assert!(
                error.contains(&format!("line {line} is not")) && !error.contains("s3cret"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn secrets_are_taken_out_of_what_is_logged() {
        let access = Access::new(Some("http://me-me:s3cret@proxy.example:3128"), Some(COOKIES.to_owned()))
            .ok()
            .unwrap();
        let said = "cannot reach http://me-me:s3cret@proxy.example:3128 as me-me, s3cret; SID s1d-v4lue, htt9only; https://www.youtube.com";
        assert_eq!(
            access.redact(said),
            "cannot reach *** as ***, ***; SID ***, ***; https://www.youtube.com"
        );
    }

    #[test]
    fn secrets_are_taken_out_as_they_were_typed_too() {
        for url in
            ["http://my%20self:a%27b%2Fc%3A1@proxy.example:1", "http://my self:a'b%2Fc:1@proxy.example:1"]
        {
            let access = Access::new(Some(url), None).ok().unwrap();
            for said in ["login of my self with a'b/c:1 refused", &access.configuration()] {
                let redacted = access.redact(said);
                assert!(redacted.contains("***"), "{url}: {redacted}");
                for secret in ["my", "self", "b/c", "b%2F"] {
                    assert!(!redacted.contains(secret), "{url}: {redacted}");
                }
            }
        }
        // The one is a part of the other.
        let access = Access::new(Some("http://proxy:proxy-s3cret@h:1"), None).ok().unwrap();
        assert_eq!(access.redact("no: proxy-s3cret"), "no: ***");
    }
}
