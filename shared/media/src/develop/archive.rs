//! The frames and the sound of a CinemaDNG clip out of a zip or tar archive. What an entry is called decides its order
//! and nothing else: files are written under names of ours, and nothing but regular files is.
//!
//! Entries are read one at a time, and of each no more than a name may have: what an archive says of its own size, or of
//! its entries' names, is never asked of this machine's memory.

use std::{
    fs,
    io::{self, ErrorKind, Read, Seek},
    path::{Path, PathBuf},
};

use tar::PaxExtensions;
use zip::{ZipReadOptions, read::Config, unstable::read::ZipIterable};

use super::{LIMIT, MOST_BYTES, blocks::SOURCE_FAILED, dng::Dng};
use crate::{
    MediaError,
    error::{damaged_archive, overfull_archive, too_much_to_unpack, too_slow},
};

/// One frame: as much as the largest picture takes as three channels of 16 bit.
const MOST_FRAME_BYTES: u64 = 256 << 20;
/// More than two hours of them.
const MOST_FRAMES: usize = 200_000;
/// Every frame with what macOS adds to it, and as much again.
pub(super) const MOST_ENTRIES: usize = 600_000;
/// Of an entry's name with its folders, bytes; what is read of a header before an entry at most is a few times that. File
/// systems have paths of up to 4096, and the names of [`MOST_FRAMES`] are kept until they are in order.
pub(super) const LONGEST_NAME: u64 = 1024;
/// Of a header before an entry, which may have times and owners beside the name, bytes.
const LONGEST_HEADER: u64 = 64 << 10;
/// What an archive with more of them looks like among the errors of the archive crates.
const OVERFULL: ErrorKind = ErrorKind::QuotaExceeded;

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

/// Unpacks into `folder`. Blocks. Takes the archive twice: the directory of a zip file lies far from its entries.
pub(super) fn unpack<R: Read + Seek>(archive: R, again: R, folder: &Path) -> Result<Clip, MediaError> {
    let mut unpacking = Unpacking { folder, frames: Vec::new(), sound: None, left: MOST_BYTES };
    unpacking.all(archive, again).map_err(|error| match error.kind() {
        SOURCE_FAILED => MediaError::io("read the archive")(error),
        ErrorKind::TimedOut => too_slow(LIMIT).into(),
        ErrorKind::FileTooLarge => too_much_to_unpack(MOST_BYTES).into(),
        OVERFULL => overfull_archive(MOST_ENTRIES, LONGEST_NAME).into(),
        // Of this machine's own disk, which may hold what a step before this one left behind.
        ErrorKind::StorageFull => MediaError::io("unpack the archive")(error),
        _ => {
            tracing::info!(%error, "an archive cannot be read");
            damaged_archive().into()
        }
    })?;
    unpacking.in_order().map_err(MediaError::io("order the frames of an archive"))
}

/// What an entry is called, if that is no longer than a name may be.
fn named(name: &[u8]) -> io::Result<String> {
    if name.len() as u64 > LONGEST_NAME {
        return Err(OVERFULL.into());
    }
    Ok(String::from_utf8_lossy(name).into_owned())
}

/// A header that lies before an entry of a tar file, without what fills it up.
fn header(entry: &mut impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut header = Vec::new();
    if entry.take(most + 1).read_to_end(&mut header)? as u64 > most {
        return Err(OVERFULL.into());
    }
    // GNU ends names as C does.
    if header.last() == Some(&0) {
        header.pop();
    }
    Ok(header)
}

/// The name in a header of POSIX. It may have a size, too, where the entry's own field has no room for it.
fn pax_name(header: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut name = None;
    for record in PaxExtensions::new(header) {
        let record = record?;
        match record.key_bytes() {
            b"path" => name = Some(record.value_bytes().to_owned()),
            b"size" => return Err(ErrorKind::FileTooLarge.into()),
            _ => {}
        }
    }
    Ok(name)
}

struct Unpacking<'a> {
    folder: &'a Path,
    /// What each is called in the archive; it lies under the number of its place here.
    frames: Vec<String>,
    sound: Option<PathBuf>,
    left: u64,
}

impl Unpacking<'_> {
    fn all<R: Read + Seek>(&mut self, mut archive: R, again: R) -> io::Result<()> {
        let mut magic = [0; 2];
        archive.read_exact(&mut magic)?;
        archive.rewind()?;
        if &magic == b"PK" { self.zip(archive, again) } else { self.tar(archive) }
    }

    fn zip<R: Read + Seek>(&mut self, directory: R, bodies: R) -> io::Result<()> {
        let mut zip = ZipIterable::try_new(directory, Config::default())?;
        if zip.len() > MOST_ENTRIES {
            return Err(OVERFULL.into());
        }
        let mut entries = zip.files_with_reader(bodies, ZipReadOptions::default())?;
        while let Some(entry) = entries.next() {
            let mut entry = entry?;
            if entry.is_file() && !entry.is_symlink() {
                let (name, size) = (named(entry.name_raw())?, entry.size());
                self.take(name, size, &mut entry)?;
            }
        }
        Ok(())
    }

    /// Entry by entry as they lie there, because the crate reads the names that lie before entries whole, whatever they
    /// say that they have.
    fn tar(&mut self, archive: impl Read + Seek) -> io::Result<()> {
        let (mut tar, mut long_name, mut entries) = (tar::Archive::new(archive), None, 0);
        for entry in tar.entries_with_seek()?.raw(true) {
            let mut entry = entry?;
            entries += 1;
            if entries > MOST_ENTRIES {
                return Err(OVERFULL.into());
            }
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() {
                long_name = Some(header(&mut entry, LONGEST_NAME + 1)?);
            } else if kind.is_pax_local_extensions() {
                long_name = pax_name(&header(&mut entry, LONGEST_HEADER)?)?.or(long_name);
            } else if kind.is_file() {
                let own = entry.path_bytes().into_owned();
                let (name, size) = (named(&long_name.take().unwrap_or(own))?, entry.size());
                self.take(name, size, &mut entry)?;
            } else if !kind.is_gnu_longlink() {
                long_name = None;
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

#[cfg(test)]
mod tests {
    use std::{
        io::{Cursor, SeekFrom},
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
    };

    use super::*;

    /// A header and as many zeros as it says, none of which is anywhere. It counts what is read.
    struct Claim {
        header: Cursor<Vec<u8>>,
        at: u64,
        read: Arc<AtomicU64>,
    }

    impl Read for Claim {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.header.set_position(self.at);
            let of_header = self.header.read(buffer)?;
            let read = if of_header > 0 { of_header } else { buffer.len() };
            buffer[of_header..read].fill(0);
            self.at += read as u64;
            self.read.fetch_add(read as u64, Ordering::Relaxed);
            Ok(read)
        }
    }

    impl Seek for Claim {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.at = match to {
                SeekFrom::Start(at) => at,
                SeekFrom::Current(by) | SeekFrom::End(by) => self.at.saturating_add_signed(by),
            };
            Ok(self.at)
        }
    }

    #[test]
    fn of_what_lies_before_an_entry_no_more_is_read_than_it_may_have() {
        for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader] {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(6 << 30);
            header.set_cksum();
            let read = Arc::<AtomicU64>::default();
            let claim = || {
                let header = Cursor::new(header.as_bytes().to_vec());
                Claim { header, at: 0, read: read.clone() }
            };
            let folder = tempfile::tempdir().unwrap();
            let error = unpack(claim(), claim(), folder.path()).unwrap_err();
            assert!(matches!(error, MediaError::Rejected(_)), "{error:?}");
            let read = read.load(Ordering::Relaxed);
            assert!(read < 256 << 10, "{kind:?}: {read} bytes were read");
        }
    }
}
