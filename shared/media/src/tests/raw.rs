//! What cameras write raw, developed and taken through every step.

mod dng;

use std::{
    io::{Cursor, Write},
    os::unix::fs::PermissionsExt,
};

use domain::{
    analysis::Rgb,
    camera_raw::{CameraRaw, RawCommands},
    failure::FailureCode,
};
use zip::write::SimpleFileOptions;

use super::{generate::file, *};
use crate::{ByteSource, camera_raw, develop};
use dng::{Shot, frame};

/// Two shots of a second each at 25 frames a second: brick, then teal, in the colours of sRGB.
const SHOTS: [Shot; 2] = [[0.7, 0.25, 0.2], [0.1, 0.5, 0.55]];
const RATE: u32 = 25;

/// A clip's frames as a camera's disk holds them, and in no good order: names without leading zeros, what macOS adds.
fn entries() -> Vec<(String, Vec<u8>)> {
    let frames = (0..2 * RATE).map(|n| (format!("A001/A001_{n}.DNG"), frame(SHOTS[(n / RATE) as usize], n)));
    let mut entries: Vec<_> = frames.collect();
    entries.reverse();
    entries.insert(3, ("__MACOSX/A001/._A001_7.DNG".to_owned(), b"Mac OS X".to_vec()));
    entries.insert(9, ("A001/notes.txt".to_owned(), b"take 3".to_vec()));
    let sound = generate::clip("sound.wav", "-f lavfi -i sine=440:d=2:r=48000");
    entries.push(("A001/A001.wav".to_owned(), std::fs::read(&sound.path).unwrap()));
    entries
}

fn zip(entries: &[(String, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_directory("A001", SimpleFileOptions::default()).unwrap();
    for (name, bytes) in entries {
        zip.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.add_symlink("A001/A001_99.DNG", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn tar(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut link = tar::Header::new_ustar();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "A001/A001_99.DNG", "/etc/passwd").unwrap();
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

async fn source(clip: &generate::Clip) -> Arc<dyn ByteSource> {
    Arc::new(FileSource::open(&clip.path).await.unwrap())
}

/// Develops, whatever it takes; the folder lives as long as the proxy is wanted.
async fn developed(
    bytes: &[u8],
    commands: &RawCommands,
) -> (tempfile::TempDir, Result<std::path::PathBuf, MediaError>) {
    let (clip, folder) = (file("clip.bin", bytes), tempfile::tempdir().unwrap());
    let source = source(&clip).await;
    let format = camera_raw(&*source).await.unwrap().expect("a known format");
    let proxy = develop(&tools(), commands, format, source, folder.path()).await;
    (folder, proxy)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archives_of_dng_frames_become_a_video_of_their_rate_sound_labels_and_colours() {
    let entries = entries();
    for (kind, archive) in [
        ("stored zip", zip(&entries, zip::CompressionMethod::Stored)),
        ("deflated zip", zip(&entries, zip::CompressionMethod::Deflated)),
        ("tar", tar(&entries)),
    ] {
        let (_folder, proxy) = developed(&archive, &RawCommands::default()).await;
        let run = run(&proxy.unwrap(), 60.0).await;
        let video = run.probe.video.as_ref().unwrap();
        assert_eq!((video.codec.as_str(), video.width, video.height), ("h264", 640, 360), "{kind}");
        assert!((video.frame_rate - 25.0).abs() < 0.01, "{kind} {video:?}");
        assert_eq!(run.all_pts().len(), 50, "{kind}");
        assert_eq!(run.probe.recorded.timecode.unwrap().to_string(), "01:15:30:05", "{kind}");
        assert_eq!(run.probe.recorded.created_at.unwrap().to_string(), "2026-02-21T14:30:00Z", "{kind}");
        assert_eq!(run.probe.audio.len(), 1, "{kind}");
        let loudest = run.audio().iter().copied().max().unwrap();
        assert!(loudest > 2000, "{kind} {loudest}");

        let starts: Vec<f64> = run.joined.scenes.iter().map(|scene| scene.start.get()).collect();
        assert_eq!(starts, [0.0, 1.0], "{kind}");
        for (scene, shot) in run.joined.scenes.iter().zip(SHOTS) {
            let wanted = shot.map(|part| (part * 255.0).round() as i32);
            let Rgb(red, green, blue) = scene.main_color;
            let found = [red, green, blue].map(i32::from);
            let off = found.iter().zip(wanted).map(|(found, wanted)| (found - wanted).abs()).max().unwrap();
            assert!(off <= 12, "{kind}: {found:?} instead of {wanted:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_that_is_no_clip_is_refused_with_what_to_do() {
    let entries = entries();
    let whole = zip(&entries, zip::CompressionMethod::Stored);
    let bomb = vec![("bomb.dng".to_owned(), vec![0; 300 << 20])];
    let junk = vec![("a.dng".to_owned(), b"II*\0\xff\xff\xff\xff junk".repeat(100))];
    let other = vec![("holiday.mp4".to_owned(), vec![7; 1000])];
    for (name, bytes, code, says) in [
        ("cut off", &whole[..whole.len() / 2], FailureCode::Damaged, "make it again"),
        ("only its beginning", b"PK\x03\x04", FailureCode::Damaged, "make it again"),
        ("a cut tar", &tar(&entries)[..1_000_000], FailureCode::Damaged, "make it again"),
        ("no frames", &zip(&other, zip::CompressionMethod::Stored), FailureCode::NotAVideo, "CinemaDNG"),
        ("no DNG", &zip(&junk, zip::CompressionMethod::Stored), FailureCode::UnsupportedFormat, "Resolve"),
        ("a bomb", &zip(&bomb, zip::CompressionMethod::Deflated), FailureCode::TooLarge, "Cut the clip"),
    ] {
        let (folder, proxy) = developed(bytes, &RawCommands::default()).await;
        let Err(MediaError::Rejected(failure)) = proxy else { panic!("{name}: {proxy:?}") };
        assert_eq!(failure.code, code, "{name}: {failure}");
        assert!(failure.detail.contains(says), "{name}: {failure}");
        let outside = std::fs::read_dir(folder.path()).unwrap().flatten().any(|e| e.path().is_symlink());
        assert!(!outside, "{name}");
    }
}

/// An entry of a tar file as its bytes are, whatever its header says that it has.
fn tar_entry(kind: u8, name: &str, says: u64, has: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(says);
    header.set_mode(0o644);
    header.set_path(name).unwrap();
    header.set_cksum();
    let filled = has.len().next_multiple_of(512);
    let mut entry = header.as_bytes().to_vec();
    entry.extend(has);
    entry.resize(512 + filled, 0);
    entry
}

/// What archives say of themselves, or of their entries' names, does not get hold of this machine's memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archives_that_claim_or_have_too_much_are_refused_by_name() {
    let frame = tar_entry(b'0', "a.dng", 3, b"abc");
    let name = vec![b'n'; 40 << 20];
    let long_name = [tar_entry(b'L', "././@LongLink", name.len() as u64, &name), frame.clone()].concat();
    let pax = format!("{} path={}", 40 << 20, "n".repeat((40 << 20) - 15));
    let long_pax = [tar_entry(b'x', "pax", pax.len() as u64, pax.as_bytes()), frame.clone()].concat();
    let large_pax = [tar_entry(b'x', "pax", 20, b"20 size=99999999999\n"), frame.clone()].concat();
    let long_zip = vec![(format!("{}.dng", "n".repeat(60_000)), b"abc".to_vec())];
    let crowd = tar_entry(b'5', "d", 0, b"").repeat(600_001);
    // A directory of one entry that says to be of very many.
    let mut claims = zip(&[("a.dng".to_owned(), b"abc".to_vec())], zip::CompressionMethod::Stored);
    let end = claims.len() - 22;
    claims[end + 8..end + 12].copy_from_slice(&[0xfe, 0xff, 0xfe, 0xff]);
    for (archive, bytes, code, says) in [
        ("a long name", &long_name, FailureCode::TooLarge, "name has more than 1024"),
        ("a long header", &long_pax, FailureCode::TooLarge, "name has more than 1024"),
        ("a size beyond its field", &large_pax, FailureCode::TooLarge, "Cut the clip"),
        ("a crowd", &crowd, FailureCode::TooLarge, "more than 600000 entries"),
        (
            "a zip of long names",
            &zip(&long_zip, zip::CompressionMethod::Stored),
            FailureCode::TooLarge,
            "1024",
        ),
        ("a zip that claims", &claims, FailureCode::Damaged, "make it again"),
    ] {
        let (_folder, proxy) = developed(bytes, &RawCommands::default()).await;
        let Err(MediaError::Rejected(failure)) = proxy else { panic!("{archive}: {proxy:?}") };
        assert_eq!(failure.code, code, "{archive}: {failure}");
        assert!(failure.detail.contains(says), "{archive}: {failure}");
    }
}

/// Names longer than a header's field, as GNU and as POSIX write them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_names_in_tar_files_are_read() {
    let folder = "n".repeat(200);
    let entries: Vec<_> = (0..RATE).map(|n| (format!("{folder}/A001_{n}.DNG"), frame(SHOTS[0], n))).collect();
    let mut gnu = tar::Builder::new(Vec::new());
    let mut posix = tar::Builder::new(Vec::new());
    for (name, bytes) in &entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        gnu.append_data(&mut header, name, bytes.as_slice()).unwrap();
        posix.append_pax_extensions([("path", name.as_bytes())]).unwrap();
        header.set_path("short").unwrap();
        header.set_cksum();
        posix.append(&header, bytes.as_slice()).unwrap();
    }
    for archive in [gnu.into_inner().unwrap(), posix.into_inner().unwrap()] {
        let (_folder, proxy) = developed(&archive, &RawCommands::default()).await;
        assert_eq!(run(&proxy.unwrap(), 60.0).await.all_pts().len(), RATE as usize);
    }
}

/// A program that does what `script` says, as the command for R3D.
fn command(script: &str) -> (tempfile::TempDir, RawCommands) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("tool");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let commands = format!("r3d={} -i {{input}} -o {{folder}}/x", program.display()).parse().unwrap();
    (folder, commands)
}

#[tokio::test]
async fn a_command_gets_the_file_and_no_credentials_and_its_largest_file_is_the_proxy() {
    let video = generate::three_shots("inside.mov", "30", generate::H264);
    let video = std::fs::read(&video.path).unwrap();
    let (_tool, commands) = command("env > $4.env; tail -c +9 $2 > $4.mov; head -c 99 $2 > $4.log");
    let r3d = [b"\0\0\x02\0RED2".as_slice(), &video].concat();
    let (_folder, proxy) = developed(&r3d, &commands).await;
    let proxy = proxy.unwrap();
    assert_eq!(std::fs::read(&proxy).unwrap(), video);
    let environment = std::fs::read_to_string(proxy.with_extension("env")).unwrap();
    assert!(environment.contains("PATH=") && !environment.contains("CARGO"), "{environment}");
}

#[tokio::test]
async fn a_command_that_fails_or_writes_no_video_is_a_refusal_that_names_the_format() {
    let r3d = [b"\0\0\x02\0RED1".as_slice(), &[1; 2000]].concat();
    for script in ["echo no licence >&2; exit 3", "exit 0", "cp $2 $4.mov"] {
        let (_tool, commands) = command(script);
        let (_folder, proxy) = developed(&r3d, &commands).await;
        let Err(MediaError::Rejected(failure)) = proxy else { panic!("{proxy:?}") };
        assert_eq!(failure, CameraRaw::Redcode.refusal(), "{script}");
    }
    let (_folder, proxy) = developed(&r3d, &RawCommands::default()).await;
    assert!(matches!(proxy, Err(MediaError::Rejected(failure)) if failure == CameraRaw::Redcode.refusal()));
    let missing = "r3d=/nowhere/REDline {input} {folder}".parse().unwrap();
    assert!(matches!(developed(&r3d, &missing).await.1, Err(MediaError::Io { .. })));
}
