//! High dynamic range: pictures for eyes and models that expect sRGB.
//!
//! Built from filters that every ffmpeg has, not from zscale, which needs a library that some builds lack: one way to
//! the picture gives equal bytes on every machine. Each channel is looked up in a table after scaling, so that the
//! cost is that of a few small pictures a second.

use serde::{Deserialize, Serialize};

/// Luminance of white paper, in cd/m² (ITU-R BT.2408); what is brighter is a highlight.
const PAPER_WHITE: f64 = 203.0;
/// What most HDR is graded for, in cd/m² (ITU-R BT.2408, BT.2100); brighter highlights are clipped.
const PEAK: f64 = 1000.0;
/// Up to this part of paper white, light stays as it is: ffmpeg's default for the same curve (`tonemap=mobius`).
const LINEAR_UNTIL: f64 = 0.3;

/// How brightness is coded where it goes far beyond that of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hdr {
    /// Perceptual quantiser (SMPTE ST 2084): HDR10, HDR10+, Dolby Vision with a compatible base.
    Pq,
    /// Hybrid log-gamma (ARIB STD-B67, ITU-R BT.2100).
    Hlg,
}

impl Hdr {
    /// By ffmpeg's name of the transfer characteristics.
    pub(crate) fn of(transfer: &str) -> Option<Self> {
        match transfer {
            "smpte2084" => Some(Self::Pq),
            "arib-std-b67" => Some(Self::Hlg),
            _ => None,
        }
    }

    /// Filters from a scaled BT.2020 picture to RGB in sRGB's primaries, 16 bits a channel.
    pub(crate) fn tone_map(self) -> String {
        let light = self.light();
        // The Möbius curve through LINEAR_UNTIL with slope 1 that reaches 1 at the peak.
        let (j, peak) = (LINEAR_UNTIL, PEAK / PAPER_WHITE);
        let a = -j * j * (peak - 1.0) / (j * j - 2.0 * j + peak);
        let b = (j * j - 2.0 * j * peak + peak) / (peak - 1.0);
        let slope = (b * b + 2.0 * b * j + j * j) / (b - a);
        let curve = format!("if(lte(ld(0),{j}),ld(0),min({slope:.6}*(ld(0)+{a:.6})/(ld(0)+{b:.6}),1))");
        let to_light = lookup(&format!("st(0,{light});65535*{curve}"));
        // Displays of today follow the power 2.2 that sRGB approximates.
        let to_display = lookup("65535*pow(val/65535,1/2.2)");
        // BT.2020 to BT.709 primaries (ITU-R BT.2087).
        let primaries =
            "colorchannelmixer=1.6605:-0.5876:-0.0728:0:-0.1246:1.1329:-0.0083:0:-0.0182:-0.1006:1.1187";
        format!("format=gbrp16le,{to_light},{primaries},{to_display}")
    }

    /// Expression of the displayed light of `val`, a signal of 16 bits, where 1 is paper white.
    fn light(self) -> String {
        match self {
            Self::Pq => {
                // SMPTE ST 2084, equations 4.1; m1, m2, c1, c2 and c3 in that order.
                let root = "pow(val/65535,1/78.84375)";
                format!(
                    "pow(max({root}-0.8359375,0)/(18.8515625-18.6875*{root}),1/0.1593017578125)*10000/{PAPER_WHITE}"
                )
            }
            Self::Hlg => {
                // BT.2100, table 5: the inverse OETF, then the OOTF for a peak of 1000 cd/m² on each channel.
                let scene = "if(lte(val,32767.5),pow(val/65535,2)/3,(exp((val/65535-0.55991073)/0.17883277)+0.28466892)/12)";
                format!("pow({scene},1.2)*{PEAK}/{PAPER_WHITE}")
            }
        }
    }
}

fn lookup(expression: &str) -> String {
    format!("lutrgb=r='{expression}':g='{expression}':b='{expression}'")
}
