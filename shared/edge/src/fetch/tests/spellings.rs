//! Every way to write an address that nobody may fetch from, and what is no address at all.

use super::*;

/// What the rows have in common, and the rows. Each must be refused without asking the network.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "a special range of IPv4, its first address and its last",
        &[
            "http://0.0.0.0/",
            "http://0.255.255.255/",
            "http://10.0.0.0/",
            "http://10.255.255.255/",
            "http://100.64.0.0/",
            "http://100.127.255.255/",
            "http://127.0.0.0/",
            "http://127.255.255.255/",
            "http://169.254.0.0/",
            "http://169.254.255.255/",
            "http://172.16.0.0/",
            "http://172.31.255.255/",
            "http://192.0.0.0/",
            "http://192.0.0.255/",
            "http://192.0.2.0/",
            "http://192.0.2.255/",
            "http://192.88.99.0/",
            "http://192.88.99.255/",
            "http://192.168.0.0/",
            "http://192.168.255.255/",
            "http://198.18.0.0/",
            "http://198.19.255.255/",
            "http://198.51.100.0/",
            "http://198.51.100.255/",
            "http://203.0.113.0/",
            "http://203.0.113.255/",
            "http://224.0.0.0/",
            "http://239.255.255.255/",
            "http://240.0.0.0/",
            "http://255.255.255.255/",
        ],
    ),
    (
        "what answers inside a Lambda, a container or a cloud",
        &[
            "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
            "http://169.254.100.1:2000/",
            "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
            "http://169.254.169.253/",
            "http://169.254.170.2/v2/credentials",
            "http://100.100.100.200/latest/meta-data/",
            "http://[fd00:ec2::254]/latest/meta-data/",
            "http://[fd00:ec2::23]/v1/credentials",
        ],
    ),
    (
        "127.0.0.1 and 169.254.169.254 in octal, hexadecimal, decimal, with fewer parts, and in mixtures",
        &[
            "http://0177.0.0.1/",
            "http://0177.00.00.01/",
            "http://00000177.0.0.1/",
            "http://017700000001/",
            "http://0x7f.0.0.1/",
            "http://0x7F.0x0.0x0.0x1/",
            "http://0X7F000001/",
            "http://0x7f000001/",
            "http://0x0000007f000001/",
            "http://2130706433/",
            "http://127.1/",
            "http://127.0.1/",
            "http://127.65535/",
            "http://0x7f.1/",
            "http://0177.1/",
            "http://0177.0x0.1/",
            "http://0/",
            "http://0x/",
            "http://0.0/",
            "http://4294967295/",
            "http://0xffffffff/",
            "http://10.1/",
            "http://0xa9fea9fe/",
            "http://2852039166/",
            "http://025177524776/",
            "http://0xa9.0376.43518/",
            "http://0xA9.0xFE.0xA9.0xFE/",
            "http://0251.0376.0251.0376/",
            "http://169.16689662/",
            "http://3232235777/",
            "http://0300.0250.1/",
            "http://0xac100001/",
        ],
    ),
    (
        "digits and dots that are mapped to those of ASCII, and escapes",
        &[
            "http://１２７.０.０.１/",
            "http://127。0。0。1/",
            "http://127．0．0．1/",
            "http://127｡0｡0｡1/",
            "http://①②⑦.⓪.⓪.①/",
            "http://𝟏𝟐𝟕.𝟎.𝟎.𝟏/",
            "http://⑯⑨。②⑤④。⑯⑨｡②⑤④/",
            "http://0ⓧ7ⓕ.1/",
            "http://%31%32%37%2e%30%2e%30%2e%31/",
            "http://127%2E0%2E0%2E1/",
            "http://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1/",
            "http://127.0.0.1\u{ad}/",
            "http://127.0.0\u{200b}.1/",
        ],
    ),
    (
        "dots at the end, and ports",
        &[
            "http://127.0.0.1./",
            "http://127.1./",
            "http://2130706433./",
            "http://0x7f000001.:80/",
            "http://127.0.0.1:80/",
            "http://127.0.0.1:443/",
            "https://127.0.0.1:65535/",
            "http://10.0.0.1:/",
            "http://[::1]:8080/",
        ],
    ),
    (
        "IPv6 that is no global unicast address",
        &[
            "http://[::]/",
            "http://[::1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
            "http://[100::1]/",
            "http://[fc00::]/",
            "http://[fdff:ffff::1]/",
            "http://[fe80::1]/",
            "http://[febf::1]/",
            "http://[fec0::1]/",
            "http://[ff02::1]/",
            "http://[FF0E::1]/",
            "http://[5f00::1]/",
            "http://[4000::1]/",
            "http://[1fff::1]/",
        ],
    ),
    (
        "IPv6 inside the global block that is set apart",
        &[
            "http://[2001::1]/",
            "http://[2001:2::1]/",
            "http://[2001:10::1]/",
            "http://[2001:20::1]/",
            "http://[2001:1ff::1]/",
            "http://[2001:db8::1]/",
            "http://[2001:DB8:ffff::1]/",
            "http://[3fff::1]/",
            "http://[3fff:fff::1]/",
        ],
    ),
    (
        "IPv6 that carries an address of IPv4",
        &[
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::FFFF:169.254.169.254]/",
            "http://[0:0:0:0:0:ffff:10.0.0.1]/",
            "http://[::ffff:8.8.8.8]/",
            "http://[::ffff:0:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[::7f00:1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[64:ff9b::169.254.169.254]/",
            "http://[64:ff9b:1::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[2002:a9fe:a9fe::1]/",
            "http://[2001:0:7f00:1::]/",
            "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
        ],
    ),
    (
        "IPv6 with a zone, or misspelt",
        &[
            "http://[fe80::1%eth0]/",
            "http://[fe80::1%25eth0]/",
            "http://[::1%25lo]/",
            "http://[::1/",
            "http://::1/",
            "http://[::1]evil.example/",
            "http://[127.0.0.1]/",
            "http://[::ffff:127.0.0.1.]/",
            "http://[v1.x]/",
        ],
    ),
    (
        "numbers that are no address",
        &[
            "http://256.0.0.1/",
            "http://127.0.0.256/",
            "http://1.2.3.4.5/",
            "http://4294967296/",
            "http://0x100000000/",
            "http://127.0x1000000/",
            "http://08.0.0.1/",
            "http://127..0.1/",
            "http://.127.0.0.1/",
        ],
    ),
    (
        "a name or password, an address behind it or not",
        &[
            "https://user:secret@example.com/a.mp4",
            "https://user@example.com/a.mp4",
            "https://:secret@example.com/a.mp4",
            "http://example.com@127.0.0.1/",
            "http://example.com%2f@127.0.0.1/",
            "http://example.com:80@127.0.0.1:80/",
            "http://@127.0.0.1/",
            "http://127.0.0.1@example.com/",
        ],
    ),
    (
        "delimiters that parsers disagree about",
        &[
            r"http:\\127.0.0.1\a",
            r"http:/\127.0.0.1/",
            r"http://127.0.0.1\@example.com/",
            r"http://127.0.0.1\.example.com/",
            "http:127.0.0.1/",
            "http:/127.0.0.1/",
            "http:///127.0.0.1/",
            "http:////127.0.0.1/",
            "http://127.0.0.1#@example.com/",
            "http://127.0.0.1?@example.com/",
            "http://127.0.0.1;.example.com:80@/",
            "http://127.0.0.1%00.example.com/",
            "http://127.0.0.1%0d%0aHost:example.com/",
            "http://127.0.0.1 .example.com/",
            "http://127.0.0.1^example.com/",
            "http://127.0.0.1|example.com/",
        ],
    ),
    (
        "blanks that a parser leaves out",
        &[
            "http://127.0.\t0.1/",
            "http://127.0.\n0.1/",
            "http://127.0.0.1\r\n/",
            "ht\ntp://127.0.0.1/",
            "http:\t//127.0.0.1/",
            "  http://127.0.0.1/  ",
            "\u{0}http://127.0.0.1/",
            "\u{1f}http://127.0.0.1/\u{0}",
        ],
    ),
    (
        "other schemes",
        &[
            "file:///etc/passwd",
            "file://127.0.0.1/etc/passwd",
            "FILE:///proc/self/environ",
            "gopher://example.com/_GET%20/",
            "ftp://example.com/a.mp4",
            "sftp://example.com/a.mp4",
            "tftp://example.com/a.mp4",
            "ldap://example.com/",
            "dict://example.com:11211/stat",
            "data:video/mp4;base64,AAAA",
            "javascript:alert(1)",
            "s3://bucket/key.mp4",
            "unix:///var/run/docker.sock",
            "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
            "ws://example.com/a",
            "wss://example.com/a",
            "jar:http://example.com/a.jar!/b",
            "blob:https://example.com/1",
            "view-source:http://example.com/",
            "netdoc:///etc/passwd",
            "concat:http://example.com/a",
            "rtsp://example.com/live",
            "httpx://example.com/",
        ],
    ),
    (
        "no host, or no URL",
        &[
            "",
            " ",
            "not a url",
            "example.com/a.mp4",
            "//127.0.0.1/",
            "//example.com/a.mp4",
            "/etc/passwd",
            "127.0.0.1",
            "::1",
            "http:",
            "http://",
            "http:///",
            "https://?a",
            "https://#a",
            "http://:80/",
            "http://example.com:65536/",
            "http://example.com:-1/",
            "http://example.com:8o/",
            "http://exa mple.com/",
            "http://exa<mple.com/",
            "http://xn--a/",
        ],
    ),
];

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
    let rows = REFUSED.iter().flat_map(|(what, rows)| rows.iter().map(move |url| (what, url)));
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
