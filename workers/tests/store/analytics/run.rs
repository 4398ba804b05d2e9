//! Which worlds are tried: a few, or as many as are asked for, over as many runs as it takes.

use std::collections::VecDeque;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Worlds that are tried where nobody asks for more or for fewer.
const WORLDS: u64 = 100;
/// How often a long run says where it is.
const SAID_EVERY: u64 = 100;

/// A run over the worlds of these seeds.
///
/// `CEKBRAND_TEST_WORLDS` is the number of worlds, `CEKBRAND_TEST_WORLDS_FROM` the first seed.
/// `CEKBRAND_TEST_WORLDS_STATE` names a file, relative to the workspace, that keeps how far a run is: the seed to
/// go on with, then the seeds of worlds in which something was wrong. A run that was broken off goes on there,
/// and looks at those worlds once more first. What was wrong in them stands in a file beside it.
#[derive(Debug)]
pub(crate) struct Run {
    again: VecDeque<u64>,
    next: u64,
    until: u64,
    state: Option<PathBuf>,
    wrong: Vec<u64>,
    found: Vec<String>,
    looked_at: u64,
    started: Instant,
}

impl Run {
    /// What the environment asks for.
    pub(crate) fn of_environment() -> Self {
        let number = |name, else_| std::env::var(name).map_or(else_, |number| number.parse().unwrap());
        let first = number("CEKBRAND_TEST_WORLDS_FROM", 0);
        let until = first + number("CEKBRAND_TEST_WORLDS", WORLDS);
        Self::new(first, until, std::env::var_os("CEKBRAND_TEST_WORLDS_STATE").map(|file| root().join(file)))
    }

    fn new(first: u64, until: u64, state: Option<PathBuf>) -> Self {
        let held = state.as_ref().filter(|file| file.exists());
        let held = held.map_or_else(String::new, |file| std::fs::read_to_string(file).unwrap());
        let mut held = held.split_whitespace().map(|seed| seed.parse().unwrap());
        let next = held.next().unwrap_or(first);
        let (wrong, found) = (Vec::new(), Vec::new());
        Self {
            again: held.collect(),
            next,
            until,
            state,
            wrong,
            found,
            looked_at: 0,
            started: Instant::now(),
        }
    }

    /// The seed of the world to try now.
    pub(crate) fn seed(&self) -> Option<u64> {
        self.again.front().copied().or_else(|| (self.next < self.until).then_some(self.next))
    }

    /// Notes what was wrong in the world.
    pub(crate) fn looked_at(&mut self, seed: u64, found: &[String]) {
        if self.again.pop_front().is_none() {
            self.next += 1;
        }
        self.looked_at += 1;
        if !found.is_empty() {
            self.wrong.push(seed);
            self.found.extend(found.iter().map(|each| format!("world {seed} {each}")));
        }
        if self.looked_at.is_multiple_of(SAID_EVERY) {
            let (worlds, wrong) = (self.looked_at, self.wrong.len());
            let took = self.started.elapsed().as_secs();
            eprintln!("{worlds} worlds in {took} s, up to seed {seed}, {wrong} of them with faults");
        }
        self.keep();
    }

    fn keep(&self) {
        let Some(file) = &self.state else { return };
        let mut state = format!("{}\n", self.next);
        for seed in self.wrong.iter().chain(&self.again) {
            writeln!(state, "{seed}").unwrap();
        }
        // Renamed into place: whenever the run ends, the file is whole.
        let written = file.with_extension("new");
        std::fs::write(&written, state).unwrap();
        std::fs::rename(written, file).unwrap();
        std::fs::write(file.with_extension("faults"), self.found.join("\n")).unwrap();
    }

    /// Ends the test, which fails where anything was wrong.
    pub(crate) fn end(self) {
        assert!(self.found.is_empty(), "worlds {:?}:\n{}", self.wrong, self.found.join("\n"));
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn a_run_goes_on_where_it_ended_and_looks_again_at_what_was_wrong() {
    let dir = std::env::temp_dir().join(format!("cekbrand-worlds-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("state");
    let mut run = Run::new(5, 9, Some(file.clone()));
    assert_eq!(run.seed(), Some(5));
    run.looked_at(5, &[]);
    run.looked_at(6, &["likes".to_owned()]);
    assert_eq!(run.seed(), Some(7));

    let mut run = Run::new(5, 9, Some(file.clone()));
    assert_eq!(run.seed(), Some(6));
    run.looked_at(6, &["likes".to_owned()]);
    assert_eq!(run.seed(), Some(7));
    run.looked_at(7, &[]);

    let mut run = Run::new(5, 9, Some(file.clone()));
    assert_eq!(run.seed(), Some(6));
    run.looked_at(6, &[]);
    assert_eq!(run.seed(), Some(8));
    run.looked_at(8, &[]);
    assert_eq!(run.seed(), None);
    run.end();
    assert_eq!(Run::new(5, 9, Some(file)).seed(), None);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
#[should_panic(expected = "world 0 likes")]
fn a_run_fails_where_anything_was_wrong() {
    let mut run = Run::new(0, 2, None);
    run.looked_at(0, &["likes".to_owned()]);
    run.looked_at(1, &[]);
    run.end();
}
