//! Ends the process when one run takes too long, and keeps its input: nothing can end a run from within.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The exit status of a process that was ended because a run took too long.
pub const TOO_LONG: i32 = 3;

/// How long a run may take beyond its limit: the machine has other things to do, too.
const GRACE: Duration = Duration::from_secs(1);

/// Watches the runs of a process, one at a time.
pub struct Watch {
    began: Instant,
    /// Milliseconds after the beginning at which the present run began, and 1; 0 between runs.
    present: Arc<AtomicU64>,
    file: fs::File,
}

/// Where findings of a target lie.
#[must_use]
pub fn findings(folder: &Path, target: &str) -> PathBuf {
    folder.join(target)
}

/// The file with the input of the present run.
#[must_use]
pub fn current(folder: &Path, target: &str) -> PathBuf {
    findings(folder, target).join("current")
}

impl Watch {
    /// Begins to watch the runs of a target.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn begin(folder: &Path, target: &'static str, limit: Duration) -> std::io::Result<Self> {
        fs::create_dir_all(findings(folder, target))?;
        let path = current(folder, target);
        let file = fs::File::create(&path)?;
        let present = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let (seen, folder) = (present.clone(), folder.to_owned());
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_millis(100));
                let at = seen.load(Ordering::Acquire);
                let taken = began
                    .elapsed()
                    .saturating_sub(Duration::from_millis(at.saturating_sub(1)));
                if at > 0 && taken > limit + GRACE {
                    let input = fs::read(&path).unwrap_or_default();
                    let what = format!("it ran longer than {limit:?}");
                    report(&folder, target, &what, &input);
                    process::exit(TOO_LONG);
                }
            }
        });
        Ok(Self {
            began,
            present,
            file,
        })
    }

    /// A run begins.
    ///
    /// # Errors
    /// When its input can't be kept.
    pub fn enter(&mut self, input: &[u8]) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(input)?;
        self.file.set_len(input.len() as u64)?;
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.present.store(now + 1, Ordering::Release);
        Ok(())
    }

    /// The run is over.
    pub fn leave(&self) {
        self.present.store(0, Ordering::Release);
    }
}

/// Tells of a finding, and keeps the input that leads to it.
pub fn report(folder: &Path, target: &str, what: &str, input: &[u8]) {
    let name = format!("{:016x}", crate::hunt::hash(input));
    let path = findings(folder, target).join(name);
    let kept = fs::write(&path, input);
    let shown = String::from_utf8_lossy(input);
    let shown: String = shown.chars().take(2000).collect();
    println!("FOUND {target}: {what}\n{shown}");
    match kept {
        Ok(()) => println!("  replay: tests/fuzz --input {} {target}", path.display()),
        Err(error) => println!("  cannot write {}: {error}", path.display()),
    }
}
