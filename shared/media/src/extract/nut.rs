//! Reads the NUT stream that ffmpeg writes, by the NUT specification (`nut.txt`, version 3). NUT is the one container
//! that carries raw pictures, sound and exact timestamps through a pipe.

mod header;

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::{Ticks, TimeBase};
use header::{Bytes, Headers, flag};

const FILE_ID: &[u8] = b"nut/multimedia container\0";
/// All our packets are smaller: a picture of 1280 by 1280 pixels is 2.5 MB.
const MAX_PACKET: u64 = 16 << 20;

/// One frame of one stream.
#[derive(Debug)]
pub(super) struct Packet {
    /// Number of the stream, in the order of the command line.
    pub(super) stream: usize,
    /// Timestamp in units of `base`.
    pts: i64,
    base: (u64, u64),
    pub(super) data: Vec<u8>,
}

impl Packet {
    /// The timestamp in another time base. The muxer only ever refines the one it is given, so nothing is lost.
    pub(super) fn ticks(&self, base: TimeBase) -> Ticks {
        let over = i128::from(self.pts) * i128::from(self.base.0) * i128::from(base.den);
        let under = i128::from(self.base.1) * i128::from(base.num);
        i64::try_from((over + under / 2).div_euclid(under)).unwrap_or(i64::MAX)
    }
}

pub(super) struct Nut<R> {
    input: R,
    headers: Headers,
    last_pts: Vec<i64>,
    begun: bool,
}

impl<R: AsyncRead + Unpin> Nut<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, headers: Headers::default(), last_pts: Vec::new(), begun: false }
    }

    /// The next frame; `None` at the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<Packet>> {
        if !self.begun {
            let mut id = [0; FILE_ID.len()];
            match self.input.read_exact(&mut id).await {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                other => other?,
            };
            if id != FILE_ID {
                return Err(bad("file id"));
            }
            self.begun = true;
        }
        loop {
            let code = match self.input.read_u8().await {
                Ok(code) => code,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(error),
            };
            if code == b'N' {
                self.header().await?;
            } else {
                return self.frame(code).await.map(Some);
            }
        }
    }

    async fn header(&mut self) -> io::Result<()> {
        let mut start_code = [0; 7];
        self.input.read_exact(&mut start_code).await?;
        let forward = self.number().await?;
        if forward > MAX_PACKET {
            return Err(bad("header size"));
        }
        if forward > 4096 {
            self.input.read_u32().await?;
        }
        let mut payload = vec![0; forward as usize];
        self.input.read_exact(&mut payload).await?;
        let mut payload = Bytes(&payload);
        match start_code[0] {
            b'M' => self.headers.main(&mut payload).ok_or_else(|| bad("main header"))?,
            b'S' => self.headers.stream(&mut payload).ok_or_else(|| bad("stream header"))?,
            b'K' => {
                let time = payload.number().ok_or_else(|| bad("syncpoint"))?;
                self.last_pts = self.headers.reset_clocks(time).ok_or_else(|| bad("syncpoint"))?;
            }
            // Info and index: nothing that we ask for.
            _ => {}
        }
        Ok(())
    }

    async fn frame(&mut self, code: u8) -> io::Result<Packet> {
        let rule = self.headers.rule(code).ok_or_else(|| bad("frame code"))?;
        let mut flags = rule.flags;
        if flags & flag::CODED != 0 {
            flags ^= self.number().await?;
        }
        let stream = if flags & flag::STREAM_ID != 0 { self.number().await? } else { rule.stream };
        let stream = usize::try_from(stream).map_err(|_| bad("stream id"))?;
        let last = *self.last_pts.get(stream).ok_or_else(|| bad("stream id"))?;
        let coded = if flags & flag::CODED_PTS != 0 { Some(self.number().await?) } else { None };
        let pts = match coded {
            Some(coded) => self.headers.pts(stream, coded, last).ok_or_else(|| bad("pts"))?,
            None => last.saturating_add(rule.pts_delta),
        };
        let mut size = rule.size_lsb;
        if flags & flag::SIZE_MSB != 0 {
            size = self.number().await?.saturating_mul(rule.size_mul).saturating_add(size);
        }
        if flags & flag::MATCH_TIME != 0 {
            self.number().await?;
        }
        let elided = if flags & flag::HEADER_IDX != 0 { self.number().await? } else { rule.header };
        let reserved = if flags & flag::RESERVED != 0 { self.number().await? } else { rule.reserved };
        for _ in 0..reserved.min(256) {
            self.number().await?;
        }
        if flags & flag::CHECKSUM != 0 {
            self.input.read_u32().await?;
        }
        if size > MAX_PACKET {
            return Err(bad("frame size"));
        }
        // What many frames begin with is written once, in the main header.
        let prefix =
            if size > 4096 { &[][..] } else { self.headers.elided(elided).ok_or_else(|| bad("elision"))? };
        // Read into memory that nobody had to clear before.
        let size = (size as usize).max(prefix.len());
        let mut data = Vec::with_capacity(size);
        data.extend_from_slice(prefix);
        let rest = (size - prefix.len()) as u64;
        if (&mut self.input).take(rest).read_to_end(&mut data).await? as u64 != rest {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.last_pts[stream] = pts;
        let base = self.headers.base(stream).ok_or_else(|| bad("time base"))?;
        Ok(Packet { stream, pts, base, data })
    }

    /// A number of seven bits a byte, most significant first.
    async fn number(&mut self) -> io::Result<u64> {
        let mut value = 0u64;
        for _ in 0..10 {
            let byte = self.input.read_u8().await?;
            value = value << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(bad("number"))
    }
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("NUT stream with a bad {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn hostile_bytes_end_in_an_error_or_an_end(bytes in proptest::collection::vec(0u8.., 0..300)) {
            let mut whole = FILE_ID.to_vec();
            whole.extend(b"NM\x7a\x56\x1f\x5f\x04\xad");
            whole.extend(bytes);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let mut nut = Nut::new(&whole[..]);
                while let Ok(Some(_)) = nut.next().await {}
            });
        }
    }
}
