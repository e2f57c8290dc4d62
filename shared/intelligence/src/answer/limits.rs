//! How long an answer may become that a server streams, whatever the server does. Its times are in
//! [`Budget`](crate::Budget).

/// Of what is said, bytes. A model is asked for `prompt::MOST_TOKENS` at most; a token has about four bytes in English and
/// six where letters take three, so this is twice to four times as long as any answer that keeps to it. It is also what a
/// row of the table takes several times.
pub(super) const MOST_SAID: usize = 64 << 10;
/// Of a stream, bytes, with what is not told: thoughts, names, usage. An event of OpenAI's has 200 to 400 bytes around a
/// token, so `prompt::MOST_TOKENS` of them are 1.6 MB.
pub(super) const MOST_STREAMED: usize = 8 << 20;
/// Of a line of a stream, bytes: events with the usage and timings of a whole answer have a few thousand.
pub(super) const LONGEST_LINE: usize = 256 << 10;
