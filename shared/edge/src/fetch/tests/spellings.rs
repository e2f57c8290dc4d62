//! Every way to write an address that nobody may fetch from, and what is no address at all.

mod addresses;
mod urls;

use super::*;

/// What must pass: a table that refuses everything would be worth nothing.
const TAKEN: &[&str] = &[
    "https://example.com/a.mp4",
    "http://example.com/a.mp4",
    "HTTPS://EXAMPLE.COM/A.MP4",
    " https://example.com/a.mp4 ",
    "https://example.com:8443/a.mp4",
    "https://example.com./a.mp4",
    "https://bücher.example/a.mp4",
    "https://xn--bcher-kva.example/a.mp4",
    "https://bucket.s3.eu-west-1.amazonaws.com/a.mp4?X-Amz-Signature=ab%2Fcd&X-Amz-Expires=900",
    "https://example.com/a.mp4?next=http://127.0.0.1/",
    "https://example.com/http://127.0.0.1/",
    "https://example.com/#@127.0.0.1/",
    "https://10.0.0.1.example.com/a.mp4",
    "https://example.com/user:secret@127.0.0.1/",
    "http://93.184.216.34/a.mp4",
    "http://0x5db8d822/a.mp4",
    // The neighbours of what is refused.
    "http://1.0.0.0/",
    "http://9.255.255.255/",
    "http://11.0.0.0/",
    "http://100.63.255.255/",
    "http://100.128.0.0/",
    "http://126.255.255.255/",
    "http://128.0.0.0/",
    "http://169.253.255.255/",
    "http://169.255.0.0/",
    "http://172.15.255.255/",
    "http://172.32.0.0/",
    "http://192.0.1.0/",
    "http://192.0.3.0/",
    "http://192.88.98.255/",
    "http://192.167.255.255/",
    "http://192.169.0.0/",
    "http://198.17.255.255/",
    "http://198.20.0.0/",
    "http://198.51.101.0/",
    "http://203.0.114.0/",
    "http://223.255.255.255/",
    "http://[2000::1]/",
    "http://[2001:200::1]/",
    "http://[2001:db7::1]/",
    "http://[2001:db9::1]/",
    "http://[2001:4860:4860::8888]/",
    "http://[2003::1]/",
    "http://[2606:2800:220:1::1]:8080/a.mp4",
    "http://[2a00:1450:4001:81b::200e]/",
    "http://[3fff:1000::1]/",
];

#[test]
fn no_spelling_of_an_inner_address_is_taken() {
    let none = exceptions(NO_EXCEPTIONS);
    // Each without asking the network.
    let refused = addresses::REFUSED.iter().chain(urls::REFUSED);
    let rows = refused.flat_map(|(what, rows)| rows.iter().map(move |url| (what, url)));
    let taken: Vec<_> = rows.filter_map(|(what, url)| Some((what, url, check(url, &none).ok()?))).collect();
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn what_is_public_is_taken() {
    let none = exceptions(NO_EXCEPTIONS);
    let refused: Vec<_> = TAKEN.iter().filter_map(|url| Some((url, check(url, &none).err()?))).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

/// The path, the query and what follows a `\` or `#` never change which host is asked.
#[test]
fn the_host_is_the_one_that_was_looked_at() {
    let none = exceptions(NO_EXCEPTIONS);
    for url in [
        r"https://example.com\@127.0.0.1/",
        "https://example.com/@127.0.0.1/",
        "https://example.com?@127.0.0.1/",
        "https://example.com#@127.0.0.1/",
        "https://example.com:443/\\127.0.0.1",
        "https:example.com/127.0.0.1",
        "https://exam\tple.com/",
    ] {
        assert_eq!(check(url, &none).unwrap().host_str(), Some("example.com"), "{url}");
    }
}

#[test]
fn a_url_has_a_length() {
    let none = exceptions(NO_EXCEPTIONS);
    let of_length = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
    assert!(check(&of_length(MAX_URL_BYTES), &none).is_ok());
    assert!(check(&of_length(MAX_URL_BYTES + 1), &none).is_err());
}

/// Whoever reads it learns what to do, and never whether something is there.
#[test]
fn a_refusal_says_what_to_do() {
    let none = exceptions(NO_EXCEPTIONS);
    for (url, word) in [
        ("http://169.254.169.254/", "publicly accessible"),
        ("http://10.255.255.1/", "publicly accessible"),
        ("ftp://example.com/", "https://"),
        ("https://user@example.com/", "presigned or public"),
        ("nonsense", "https://"),
    ] {
        let said = check(url, &none).unwrap_err();
        assert!(said.contains(word), "{url}: {said}");
    }
}
