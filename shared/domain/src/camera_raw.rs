//! What cameras write before anybody has developed it: light per sensor element, in each maker's own form.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureCode};

/// A format that no demuxer and decoder of a usual ffmpeg reads as a video. A proxy has to be made of it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraRaw {
    /// DNG frames in a zip or tar archive, with a WAV file beside them or not.
    CinemaDng,
    /// REDCODE RAW of RED.
    Redcode,
    /// Blackmagic RAW.
    Blackmagic,
    /// ARRIRAW.
    Arri,
    /// Cinema RAW Light of Canon.
    Canon,
    /// ProRes RAW of Apple, where ffmpeg has no decoder for it: version 9 has one.
    ProRes,
}

impl CameraRaw {
    const ALL: [Self; 6] =
        [Self::CinemaDng, Self::Redcode, Self::Blackmagic, Self::Arri, Self::Canon, Self::ProRes];

    /// By the extension that the file's owner gave it, for a file that no demuxer takes.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "r3d" => Some(Self::Redcode),
            "braw" => Some(Self::Blackmagic),
            "ari" | "arx" => Some(Self::Arri),
            "crm" => Some(Self::Canon),
            _ => None,
        }
    }

    /// By the code of the video in a QuickTime or MP4 container.
    pub fn of_codec_tag(tag: &str) -> Option<Self> {
        match tag {
            "brhq" | "brst" | "brlt" | "brxq" | "brs2" | "brvn" => Some(Self::Blackmagic),
            "CRAW" => Some(Self::Canon),
            "aprn" | "aprh" => Some(Self::ProRes),
            _ => None,
        }
    }

    /// By the first bytes of a file, 512 of them if there are as many.
    pub fn of_first_bytes(head: &[u8]) -> Option<Self> {
        let has = |at: usize, magic: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(magic));
        // An atom's length comes first in R3D. The archive formats are those of PKWARE's APPNOTE 4.3.7 and POSIX ustar.
        if has(4, b"RED1") || has(4, b"RED2") {
            Some(Self::Redcode)
        } else if has(0, b"PK\x03\x04") || has(257, b"ustar") {
            Some(Self::CinemaDng)
        } else {
            None
        }
    }

    /// The usual extension, and the name in settings.
    pub fn extension(self) -> &'static str {
        match self {
            Self::CinemaDng => "dng",
            Self::Redcode => "r3d",
            Self::Blackmagic => "braw",
            Self::Arri => "ari",
            Self::Canon => "crm",
            Self::ProRes => "mov",
        }
    }

    /// What the file's owner reads where nothing here can develop it.
    pub fn refusal(self) -> Failure {
        let (name, remedy) = match self {
            Self::CinemaDng => {
                ("This kind of CinemaDNG", "Export it as ProRes 422 or H.264 with DaVinci Resolve")
            }
            Self::Redcode => ("REDCODE RAW (R3D)", "Export it as ProRes 422 or H.264 with REDCINE-X PRO"),
            Self::Blackmagic => {
                ("Blackmagic RAW (BRAW)", "Export it as ProRes 422 or H.264 with DaVinci Resolve")
            }
            Self::Arri => ("ARRIRAW", "Export it as ProRes 422 or H.264 with the ARRI Reference Tool"),
            Self::Canon => (
                "Canon Cinema RAW Light (CRM)",
                "Export it as ProRes 422 or H.264 with Cinema RAW Development",
            ),
            Self::ProRes => ("ProRes RAW", "Export it as ProRes 422 or H.264 with Final Cut Pro"),
        };
        let detail = format!("{name} cannot be decoded here. {remedy}, and upload that.");
        Failure::new(FailureCode::UnsupportedFormat, detail)
    }
}

/// The makers' own programs that an operator has installed: for each format a command line that writes a video file
/// which ffmpeg reads. `{input}` in it stands for the file, `{folder}` for an empty folder to write into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawCommands(Vec<(CameraRaw, Vec<String>)>);

impl RawCommands {
    /// The words of the command for this format, if one is configured.
    pub fn of(&self, format: CameraRaw) -> Option<&[String]> {
        self.0.iter().find(|(known, _)| *known == format).map(|(_, words)| words.as_slice())
    }

    /// Whether a proxy can be made of this format. CinemaDNG needs ffmpeg alone.
    pub fn develop(&self, format: CameraRaw) -> bool {
        match format {
            CameraRaw::CinemaDng => true,
            CameraRaw::Redcode
            | CameraRaw::Blackmagic
            | CameraRaw::Arri
            | CameraRaw::Canon
            | CameraRaw::ProRes => self.of(format).is_some(),
        }
    }
}

impl FromStr for RawCommands {
    type Err = String;

    /// Takes `r3d=REDline --i {input} --outDir {folder} --o proxy --format 201;braw=…`: words are parted by spaces and
    /// there is no quoting.
    fn from_str(list: &str) -> Result<Self, String> {
        let items = list.split(';').map(str::trim).filter(|item| !item.is_empty());
        let read = items.map(|item| {
            let (name, command) = item.split_once('=')?;
            let by_command = |format: &CameraRaw| *format != CameraRaw::CinemaDng;
            let format =
                CameraRaw::ALL.into_iter().filter(by_command).find(|f| f.extension() == name.trim())?;
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            let has = |place: &str| words.iter().skip(1).any(|word| word.contains(place));
            (has("{input}") && has("{folder}")).then_some((format, words))
        });
        read.collect::<Option<_>>().map(Self).ok_or_else(|| {
            format!("lists commands such as r3d=REDline --i {{input}} --outDir {{folder}} --o proxy --format 201;braw=…, not {list:?}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_format_is_known_by_name_tag_or_first_bytes_and_named_with_its_remedy() {
        assert_eq!(CameraRaw::of_file_name("A001.BRAW"), Some(CameraRaw::Blackmagic));
        assert_eq!(CameraRaw::of_file_name("holiday.mp4"), None);
        assert_eq!(CameraRaw::of_codec_tag("aprn"), Some(CameraRaw::ProRes));
        assert_eq!(CameraRaw::of_first_bytes(b"\0\0\x02\x50RED2\0\x01"), Some(CameraRaw::Redcode));
        assert_eq!(CameraRaw::of_first_bytes(b"PK\x03\x04\x14\0"), Some(CameraRaw::CinemaDng));
        let mut tar = vec![b'a'; 257];
        assert_eq!(CameraRaw::of_first_bytes(&tar), None);
        tar.extend(b"ustar\x0000");
        assert_eq!(CameraRaw::of_first_bytes(&tar), Some(CameraRaw::CinemaDng));
        let failure = CameraRaw::Blackmagic.refusal();
        assert!(failure.detail.contains("Blackmagic RAW") && failure.detail.contains("Resolve"), "{failure}");
    }

    #[test]
    fn commands_are_read_and_wrong_ones_are_named() {
        let commands: RawCommands =
            "r3d=REDline --i {input} --outDir {folder} --o proxy; braw = braw-proxy {input} {folder}/p.mov;"
                .parse()
                .unwrap();
        assert_eq!(commands.of(CameraRaw::Redcode).unwrap()[..3], ["REDline", "--i", "{input}"]);
        assert_eq!(commands.of(CameraRaw::Blackmagic).unwrap()[2], "{folder}/p.mov");
        assert!(commands.develop(CameraRaw::CinemaDng) && !commands.develop(CameraRaw::Arri));
        assert_eq!("".parse(), Ok(RawCommands::default()));
        for wrong in ["r3d", "r3d=REDline {input}", "dng=x {input} {folder}", "mp4=x {input} {folder}"] {
            assert!(wrong.parse::<RawCommands>().unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
