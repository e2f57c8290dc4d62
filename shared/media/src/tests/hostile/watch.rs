//! What the programs did beside their work: what they opened, and how much memory they took.

use std::{
    fs,
    io::Write,
    net::TcpListener,
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::Case;

/// An address and a file that nobody may open. The file is a pipe: who opens it for reading wakes its writer.
pub(super) struct Canary {
    pub(super) url: String,
    pub(super) path: PathBuf,
    visits: Arc<AtomicUsize>,
    dir: TempDir,
}

impl Canary {
    pub(super) fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("canary.ts");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/canary.ts", listener.local_addr().unwrap());
        let visits = Arc::new(AtomicUsize::new(0));
        let (by_network, by_file, pipe) = (Arc::clone(&visits), Arc::clone(&visits), path.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                by_network.fetch_add(1, Ordering::SeqCst);
                let _gone = stream.and_then(|mut stream| stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n"));
            }
        });
        thread::spawn(move || {
            while fs::OpenOptions::new().write(true).open(&pipe).is_ok() {
                by_file.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(50));
            }
        });
        Self { url, path, visits, dir }
    }

    pub(super) fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }

    /// Whether an ffprobe that may open everything opens what `case` names.
    pub(super) fn catches_a_careless_reader(&self, case: &Case) -> bool {
        let before = self.visits();
        let path = self.dir.path().join(&case.name);
        fs::write(&path, &case.bytes).unwrap();
        let everything = "-v quiet -protocol_whitelist file,http,tcp -allowed_extensions ALL -safe 0 -enable_drefs 1 \
                          -use_absolute_path 1 -show_packets";
        let ended = Command::new("ffprobe").args(everything.split_whitespace()).arg(&path).output();
        ended.is_ok() && self.visits() > before
    }
}

/// Runs `work` and looks every 20 ms at how much memory this process's ffmpegs and ffprobes have taken at most, in MB.
pub(super) async fn peak_of_children<T>(work: impl Future<Output = T>) -> (T, u64) {
    let mut work = std::pin::pin!(work);
    let mut peak = 0;
    loop {
        tokio::select! {
            done = &mut work => return (done, peak / 1024),
            () = tokio::time::sleep(Duration::from_millis(20)) => peak = peak.max(kilobytes()),
        }
    }
}

fn kilobytes() -> u64 {
    let own = format!("PPid:\t{}\n", std::process::id());
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let statuses = processes.filter_map(|process| fs::read_to_string(process.path().join("status")).ok());
    let ours = statuses.filter(|status| status.starts_with("Name:\tff") && status.contains(&own));
    let peak = ours.filter_map(|status| {
        let (_, rest) = status.split_once("VmHWM:")?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    });
    peak.max().unwrap_or(0)
}
