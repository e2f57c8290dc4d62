//! Files that are not what they are called, and files that name others.

use super::{
    super::generate::{clip, encoded},
    Canary, Case,
};

pub(super) fn cases(canary: &Canary) -> Vec<Case> {
    let mut cases = Vec::new();
    for target in
        [canary.url.clone(), canary.path.display().to_string(), format!("file://{}", canary.path.display())]
    {
        for (what, text) in playlists(&target) {
            for name in ["a.mp4", "a.ts", "a.avi", "a.m3u8"] {
                let case = |what: String, bytes| Case { name: name.into(), what, bytes };
                cases.push(case(format!("{what} of {target}"), text.clone().into_bytes()));
            }
        }
        cases.push(Case {
            name: "a.mov".into(),
            what: format!("reference to {target}"),
            bytes: reference(&target),
        });
        cases.push(Case {
            name: "a.avi".into(),
            what: format!("subtitles {target}"),
            bytes: subtitles(&target),
        });
    }
    let png = std::fs::read(&clip("a.png", "-f lavfi -i testsrc2=s=64x36:d=1 -frames:v 1").path).unwrap();
    let junk: [(&str, Vec<u8>); 9] = [
        ("nothing", Vec::new()),
        ("one byte", vec![0]),
        ("text", b"Not a video.\n".repeat(300)),
        ("a picture", png),
        ("an archive", [b"PK\x03\x04\x14\0\0\0\x08\0".as_slice(), &[7; 3000]].concat()),
        (
            "a box without end",
            [b"\0\0\0\x18ftypisom\0\0\0\0isommp42\0\0\0\x01moov".as_slice(), &[0xff; 8], &[0; 900]].concat(),
        ),
        ("boxes in boxes", b"\0\0\xff\xffmoov".repeat(5000)),
        ("sync bytes", b"G".repeat(188 * 200)),
        ("zeros", vec![0; 100_000]),
    ];
    cases.extend(junk.map(|(what, bytes)| Case { name: "a.mp4".into(), what: what.into(), bytes }));
    cases
}

fn playlists(target: &str) -> [(&'static str, String); 6] {
    let hls = format!(
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TARGETDURATION:9\n#EXT-X-MAP:URI=\"{target}\"\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n"
    );
    [
        // A demuxer of programs recognises it anywhere in the first packets.
        ("HLS behind a box", format!("\0\0\0\x10ftypisom\0\0\0\0{hls}")),
        ("HLS", hls),
        ("concat", format!("ffconcat version 1.0\nfile '{target}'\n")),
        (
            "DASH",
            format!(
                "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\" type=\"static\" mediaPresentationDuration=\"PT9S\"><Period><AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" bandwidth=\"1\"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>"
            ),
        ),
        (
            "SDP",
            format!(
                "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={target}\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:{target}\n"
            ),
        ),
        ("RTSP redirect", format!("[Reference]\nRef1={target}\n")),
    ]
}

/// A QuickTime file whose samples are said to be in another file.
fn reference(target: &str) -> Vec<u8> {
    let valid = std::fs::read(&encoded("a.mov", "-t 1 -an -c:v mjpeg -pix_fmt yuvj420p").path).unwrap();
    let at = valid.windows(4).position(|tag| tag == b"dref").unwrap() - 4;
    let old = u32::from_be_bytes(valid[at..at + 4].try_into().unwrap()) as usize;
    // An alias as the Mac wrote it: fixed fields of which none counts here, then the absolute path (2) and an end (-1).
    let path = [target.as_bytes(), &vec![0; target.len() % 2]].concat();
    let entry =
        [b"alis\0\0\0\0".as_slice(), &[0; 150], &[0, 2], &(path.len() as u16).to_be_bytes(), &path].concat();
    let entry = [&entry[..], &[0xff, 0xff, 0, 0]].concat();
    let entry = [&(entry.len() as u32 + 4).to_be_bytes()[..], &entry].concat();
    let dref = [&(entry.len() as u32 + 16).to_be_bytes()[..], b"dref\0\0\0\0\0\0\0\x01", &entry].concat();
    let mut bytes = [&valid[..at], &dref, &valid[at + old..]].concat();
    for parent in [b"moov", b"trak", b"mdia", b"minf", b"dinf"] {
        let at = bytes[..at].windows(4).rposition(|tag| tag == parent).unwrap() - 4;
        let size = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let size = size + dref.len() as u32 - old as u32;
        bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }
    bytes
}

/// An AVI whose subtitles, a whole file inside of it, are a playlist.
fn subtitles(target: &str) -> Vec<u8> {
    let valid = std::fs::read(&encoded("a.avi", "-t 1 -an -c:v mjpeg -pix_fmt yuvj420p").path).unwrap();
    let playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n");
    let mut gab2 = b"GAB2\0\x02\0\0\0\0\0\x04\0".to_vec();
    gab2.extend((playlist.len() as u32).to_le_bytes());
    gab2.extend(playlist.as_bytes());
    let chunk =
        [b"01tx".as_slice(), &(gab2.len() as u32).to_le_bytes(), &gab2, &vec![0; gab2.len() % 2]].concat();
    let stream =
        [b"LIST\x4c\0\0\0strlstrh\x38\0\0\0txts".as_slice(), &[0; 16], &[1, 0, 0, 0, 1, 0, 0, 0], &[0; 28]]
            .concat();
    let stream = [&stream[..], b"strf\0\0\0\0"].concat();
    let place = |bytes: &[u8], tag: &[u8]| bytes.windows(4).position(|found| found == tag).unwrap();
    let grow = |bytes: &mut Vec<u8>, size_at: usize, at: usize, part: &[u8]| {
        bytes.splice(at..at, part.iter().copied());
        let size = u32::from_le_bytes(bytes[size_at..size_at + 4].try_into().unwrap()) + part.len() as u32;
        bytes[size_at..size_at + 4].copy_from_slice(&size.to_le_bytes());
    };
    let mut bytes = valid;
    let movi = place(&bytes, b"movi");
    grow(&mut bytes, movi - 4, movi + 4, &chunk);
    let (strl, hdrl, avih) = (place(&bytes, b"strl"), place(&bytes, b"hdrl"), place(&bytes, b"avih"));
    let size = u32::from_le_bytes(bytes[strl - 4..strl].try_into().unwrap()) as usize;
    grow(&mut bytes, hdrl - 4, strl + size, &stream);
    // Two streams, and no index, which would now point beside the packets.
    bytes[avih + 8 + 24] = 2;
    bytes[avih + 8 + 12] = 0;
    let index = bytes.windows(4).rposition(|found| found == b"idx1").unwrap();
    bytes.truncate(index);
    bytes
}
