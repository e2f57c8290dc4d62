//! The head of a streamed response: a JSON object, eight zero bytes, then the body
//! (`application/vnd.awslambda.http-integration-response`).

use bytes::{Bytes, BytesMut};
use http::header::{HeaderName, HeaderValue, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::collections::BTreeMap;

const DELIMITER: [u8; 8] = [0; 8];
/// Far above any real head; a function that answers without one is found out here.
const LIMIT: usize = 64 * 1024;

/// Status and headers of a streamed response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StreamHead {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

/// Why a head cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum PreludeError {
    #[error("no end of the head within {LIMIT} bytes")]
    TooLong,
    #[error("the head is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the head has an impossible status: {0}")]
    Status(#[from] http::status::InvalidStatusCode),
}

/// Collects bytes until the head is whole, however they are cut.
#[derive(Default)]
pub(super) struct PreludeReader {
    seen: BytesMut,
}

impl PreludeReader {
    /// The head and the first bytes of the body, once enough has come.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<(StreamHead, Bytes)>, PreludeError> {
        self.seen.extend_from_slice(bytes);
        let Some(end) = self.seen.windows(DELIMITER.len()).position(|window| window == DELIMITER) else {
            return if self.seen.len() > LIMIT { Err(PreludeError::TooLong) } else { Ok(None) };
        };
        let rest = self.seen.split_off(end + DELIMITER.len()).freeze();
        let head: Prelude = serde_json::from_slice(&self.seen[..end])?;
        Ok(Some((head.try_into()?, rest)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prelude {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    cookies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl TryFrom<Prelude> for StreamHead {
    type Error = PreludeError;

    /// Headers that HTTP does not allow are left out, as the gateway does.
    fn try_from(prelude: Prelude) -> Result<Self, PreludeError> {
        let mut headers = HeaderMap::new();
        for (name, values) in prelude.headers {
            let Ok(name) = name.parse::<HeaderName>() else { continue };
            let values = match values {
                OneOrMany::One(value) => vec![value],
                OneOrMany::Many(values) => values,
            };
            for value in values.iter().filter_map(|value| HeaderValue::from_str(value).ok()) {
                headers.append(name.clone(), value);
            }
        }
        for cookie in prelude.cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
            headers.append(SET_COOKIE, cookie);
        }
        Ok(Self { status: StatusCode::from_u16(prelude.status_code)?, headers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        b"{\"statusCode\":402,\"headers\":{\"x-a\":[\"1\",\"2\"],\"x-b\":\"3\"},\"cookies\":[\"k=v\"]}\0\0\0\0\0\0\0\0data: x";

    #[test]
    fn the_head_is_the_same_however_the_bytes_are_cut() {
        for cut in 0..STREAM.len() {
            let mut reader = PreludeReader::default();
            let first = reader.push(&STREAM[..cut]).unwrap();
            let early = first.is_some();
            let (head, rest) = match first {
                Some(parts) => parts,
                None => reader.push(&STREAM[cut..]).unwrap().unwrap(),
            };
            assert_eq!(head.status, 402);
            assert_eq!(head.headers.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
            assert_eq!(head.headers["set-cookie"], "k=v");
            if !early {
                assert_eq!(rest, "data: x");
            }
        }
    }

    #[test]
    fn an_answer_without_a_head_is_refused() {
        assert!(PreludeReader::default().push(b"hello\0\0\0\0\0\0\0\0").is_err());
        assert!(PreludeReader::default().push(&[b'x'; LIMIT + 1]).is_err());
    }
}
