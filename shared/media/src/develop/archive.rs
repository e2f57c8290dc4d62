//! The frames and the sound of a CinemaDNG clip out of a zip or tar archive. What an entry is called decides its order
//! and nothing else: files are written under names of ours, and nothing but regular files is.

use std::{
    fs,
    io::{self, ErrorKind, Read, Seek},
    path::{Path, PathBuf},
};

use super::{LIMIT, MOST_BYTES, blocks::SOURCE_FAILED, dng::Dng};
use crate::{
    MediaError,
    error::{damaged_archive, too_much_to_unpack, too_slow},
};

/// One frame: as much as the largest picture takes as three channels of 16 bit.
const MOST_FRAME_BYTES: u64 = 256 << 20;
/// More than two hours of them.
const MOST_FRAMES: usize = 200_000;

/// What was in an archive, on this machine's disk.
#[derive(Debug)]
pub(super) struct Clip {
    /// `00000000.dng` and so on lie here, in the order of their names in the archive.
    pub(super) folder: PathBuf,
    /// How many.
    pub(super) frames: usize,
    /// What the first frame says of itself and of the clip.
    pub(super) first: Dng,
    /// The first WAV file.
    pub(super) sound: Option<PathBuf>,
}

impl Clip {
    pub(super) fn pattern(&self) -> PathBuf {
        self.folder.join("%08d.dng")
    }
}

/// Unpacks into `folder`. Blocks.
pub(super) fn unpack(archive: impl Read + Seek, folder: &Path) -> Result<Clip, MediaError> {
    let mut unpacking = Unpacking { folder, frames: Vec::new(), sound: None, left: MOST_BYTES };
    unpacking.all(archive).map_err(|error| match error.kind() {
        SOURCE_FAILED => MediaError::io("read the archive")(error),
        ErrorKind::TimedOut => too_slow(LIMIT).into(),
        ErrorKind::FileTooLarge => too_much_to_unpack(MOST_BYTES).into(),
        // Of this machine's own disk, which may hold what a step before this one left behind.
        ErrorKind::StorageFull => MediaError::io("unpack the archive")(error),
        _ => {
            tracing::info!(%error, "an archive cannot be read");
            damaged_archive().into()
        }
    })?;
    unpacking.in_order().map_err(MediaError::io("order the frames of an archive"))
}

struct Unpacking<'a> {
    folder: &'a Path,
    /// What each is called in the archive; it lies under the number of its place here.
    frames: Vec<String>,
    sound: Option<PathBuf>,
    left: u64,
}

impl Unpacking<'_> {
    fn all(&mut self, mut archive: impl Read + Seek) -> io::Result<()> {
        let mut magic = [0; 2];
        archive.read_exact(&mut magic)?;
        archive.rewind()?;
        if &magic == b"PK" {
            let mut zip = zip::ZipArchive::new(archive)?;
            for index in 0..zip.len() {
                let mut entry = zip.by_index(index)?;
                if entry.is_file() && !entry.is_symlink() {
                    let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
                    let size = entry.size();
                    self.take(name, size, &mut entry)?;
                }
            }
            return Ok(());
        }
        let mut tar = tar::Archive::new(archive);
        for entry in tar.entries_with_seek()? {
            let mut entry = entry?;
            if entry.header().entry_type().is_file() {
                let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let size = entry.size();
                self.take(name, size, &mut entry)?;
            }
        }
        Ok(())
    }

    /// `size` is what the archive says; a tar file that is cut off says nothing else of it.
    fn take(&mut self, name: String, size: u64, content: &mut impl Read) -> io::Result<()> {
        let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let extension = base.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        // macOS adds a file of that name to every other one.
        match extension.as_deref().filter(|_| !base.starts_with("._")) {
            Some("dng") if self.frames.len() < MOST_FRAMES => {
                self.write(&self.unordered(self.frames.len()), size, content, MOST_FRAME_BYTES)?;
                self.frames.push(name);
            }
            Some("dng") => return Err(ErrorKind::FileTooLarge.into()),
            Some("wav") if self.sound.is_none() => {
                let path = self.folder.join("sound.wav");
                self.write(&path, size, content, MOST_BYTES)?;
                self.sound = Some(path);
            }
            _ => {}
        }
        Ok(())
    }

    fn unordered(&self, place: usize) -> PathBuf {
        self.folder.join(place.to_string())
    }

    fn write(&mut self, path: &Path, size: u64, content: &mut impl Read, most: u64) -> io::Result<()> {
        let most = most.min(self.left);
        let written = io::copy(&mut content.take(most + 1), &mut fs::File::create(path)?)?;
        if written > most {
            return Err(ErrorKind::FileTooLarge.into());
        }
        if written < size {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.left -= written;
        Ok(())
    }

    fn in_order(self) -> io::Result<Clip> {
        let mut places: Vec<usize> = (0..self.frames.len()).collect();
        places.sort_by(|a, b| natord::compare_ignore_case(&self.frames[*a], &self.frames[*b]));
        let folder = self.folder.join("frames");
        fs::create_dir(&folder)?;
        let mut first = None;
        for (number, place) in places.iter().enumerate() {
            let (from, to) = (self.unordered(*place), folder.join(format!("{number:08}.dng")));
            let dng = Dng::prepare(&from)?;
            first = first.or(Some(dng));
            fs::rename(from, to)?;
        }
        Ok(Clip { folder, frames: places.len(), first: first.unwrap_or_default(), sound: self.sound })
    }
}
