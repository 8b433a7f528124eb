//! Fuzzes by hand: `tests/fuzz`.
#![allow(
    clippy::disallowed_methods,
    reason = "this is a program that looks at the clock, not a core"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use fuzzing::hunt::Hunt;
use fuzzing::target::{Shown, Target};
use fuzzing::targets::{self, NAMES};
use fuzzing::watch::{self, TOO_LONG, Watch, report};
use rustix::process::{Resource, Rlimit, setrlimit};

/// The most memory that a process with one target may use, in bytes: what is looked for may try to take all.
const MEMORY: u64 = 4 << 30;

/// The stack of the thread that runs inputs: that of the server's own threads.
const STACK: usize = 2 << 20;

/// Looks for inputs that make a parser or an evaluation panic, run too long or give itself the lie.
#[derive(Parser)]
struct Arguments {
    /// For how many seconds each target is tried.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where the inputs begin; another number gives others.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs this input alone.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Where findings are written.
    #[arg(long, default_value = "target/findings")]
    folder: PathBuf,
    /// Tries the target in this very process.
    #[arg(long, hide = true)]
    within: bool,
    /// What is tried; all of it where nothing is named.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(NAMES))]
    targets: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let names: Vec<&str> = match arguments.targets.is_empty() {
        true => NAMES.to_vec(),
        false => arguments.targets.iter().map(String::as_str).collect(),
    };
    if let Some(input) = &arguments.input {
        return match fs::read(input) {
            Ok(input) => replay(&names, &input),
            Err(error) => {
                eprintln!("cannot read {}: {error}", input.display());
                ExitCode::from(2)
            }
        };
    }
    let mut found = false;
    for name in names {
        found |= match arguments.within {
            true => within(name, &arguments),
            false => beside(name, &arguments),
        };
    }
    ExitCode::from(u8::from(found))
}

fn target(name: &str) -> Box<dyn Target> {
    targets::named(name).expect("the command line takes names of targets only")
}

fn replay(names: &[&str], input: &[u8]) -> ExitCode {
    for name in names {
        let mut target = target(name);
        let mut shown = Shown::default();
        let began = Instant::now();
        target.run(input, &mut shown);
        println!("{name}: fine after {:?}", began.elapsed());
    }
    ExitCode::SUCCESS
}

/// Tries a target in processes of its own, since an input may end one. Whether something was found.
fn beside(name: &str, arguments: &Arguments) -> bool {
    let until = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut found = false;
    let mut seed = arguments.seed;
    loop {
        let left = until.saturating_duration_since(Instant::now()).as_secs();
        if left == 0 {
            return found;
        }
        let program = std::env::current_exe().expect("a program knows where it is");
        let status = Command::new(program)
            .args(["--within", "--seconds", &left.to_string()])
            .args(["--seed", &seed.to_string()])
            .arg("--folder")
            .arg(&arguments.folder)
            .arg(name)
            .status();
        match status.map(|status| status.code()) {
            Ok(Some(0)) => return found,
            Ok(Some(1)) => return true,
            Ok(Some(TOO_LONG)) => {}
            Ok(code) => {
                let input = fs::read(watch::current(&arguments.folder, name)).unwrap_or_default();
                let what = match code {
                    Some(code) => format!("it ended the process with status {code}"),
                    None => "it ended the process: its stack or its memory was used up".to_owned(),
                };
                report(&arguments.folder, name, &what, &input);
            }
            Err(error) => {
                eprintln!("cannot start a process for {name}: {error}");
                return true;
            }
        }
        found = true;
        seed += 1_000_003;
    }
}

/// Tries a target in this process. Whether something was found.
fn within(name: &str, arguments: &Arguments) -> bool {
    let limit = Rlimit {
        current: Some(MEMORY),
        maximum: Some(MEMORY),
    };
    if let Err(error) = setrlimit(Resource::As, limit) {
        eprintln!("memory has no limit: {error}");
    }
    let (seconds, seed) = (arguments.seconds, arguments.seed);
    let (name, folder) = (name.to_owned(), arguments.folder.clone());
    let thread = thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || hunt(&name, seed, Duration::from_secs(seconds), &folder))
        .expect("a thread can be started");
    thread.join().unwrap_or(true)
}

fn hunt(name: &str, seed: u64, length: Duration, folder: &Path) -> bool {
    let target = target(name);
    let (name, limit) = (target.name(), target.limit());
    let mut watch =
        Watch::begin(folder, name, limit).expect("the folder of findings can be written");
    let mut hunt = Hunt::new(target, seed);
    let began = Instant::now();
    while began.elapsed() < length {
        let input = hunt.draw();
        watch.enter(&input).expect("the input can be written");
        let finding = hunt.run(&input);
        watch.leave();
        if let Some(finding) = finding {
            report(folder, name, &finding.what, &finding.input);
            let smaller = hunt.smaller(finding.clone());
            if smaller.input.len() < finding.input.len() {
                report(folder, name, &smaller.what, &smaller.input);
            }
        }
    }
    let tally = &hunt.tally;
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "it is a figure for people")]
    let rate = tally.runs as f64 / seconds;
    let slowest = watch::findings(folder, name).join("slowest");
    let kept = fs::write(&slowest, &tally.slowest.1);
    println!(
        "{name}: {} runs in {seconds:.0} s, {rate:.0} a second; {} different things seen; the slowest run took {:?}{}; at most {} MiB; {} findings",
        tally.runs,
        tally.shown,
        tally.slowest.0,
        kept.map_or_else(|_| String::new(), |()| format!(" ({})", slowest.display())),
        most_memory(),
        tally.findings,
    );
    tally.findings > 0
}

/// The most memory that this process had at once, in MiB.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: Option<u64> =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0) / 1024
}
