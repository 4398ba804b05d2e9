//! Which worlds are tried: a few, or as many as are asked for, over as many runs as it takes.

use std::path::{Path, PathBuf};

/// Worlds that are tried where nobody asks for more.
const WORLDS: u64 = 6;

/// A run over the worlds of these seeds.
///
/// `CEKBRAND_TEST_WORLDS` is the number of worlds. `CEKBRAND_TEST_WORLDS_STATE` names a file, relative to the
/// workspace, that keeps the seed to go on with: a long run that was broken off, or that found a difference
/// which was mended since, goes on there.
#[derive(Debug)]
pub(crate) struct Run {
    next: u64,
    until: u64,
    state: Option<PathBuf>,
}

impl Run {
    /// What the environment asks for.
    pub(crate) fn of_environment() -> Self {
        let until = std::env::var("CEKBRAND_TEST_WORLDS").map_or(WORLDS, |worlds| worlds.parse().unwrap());
        let state = std::env::var_os("CEKBRAND_TEST_WORLDS_STATE").map(|file| root().join(file));
        Self::new(until, state)
    }

    fn new(until: u64, state: Option<PathBuf>) -> Self {
        let held = state.as_ref().filter(|file| file.exists());
        let next = held.map_or(0, |file| std::fs::read_to_string(file).unwrap().trim().parse().unwrap());
        Self { next, until, state }
    }

    /// The seed of the world to try now.
    pub(crate) fn seed(&self) -> Option<u64> {
        (self.next < self.until).then_some(self.next)
    }

    /// Notes that the world was as it should be.
    pub(crate) fn agreed(&mut self) {
        self.next += 1;
        if let Some(file) = &self.state {
            // Renamed into place: whenever the run ends, the file holds a number.
            let written = file.with_extension("new");
            std::fs::write(&written, self.next.to_string()).unwrap();
            std::fs::rename(written, file).unwrap();
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn a_run_goes_on_where_it_ended() {
    let file = std::env::temp_dir().join(format!("cekbrand-worlds-{}", std::process::id()));
    let mut run = Run::new(3, Some(file.clone()));
    assert_eq!(run.seed(), Some(0));
    run.agreed();
    run.agreed();
    let mut run = Run::new(3, Some(file.clone()));
    assert_eq!(run.seed(), Some(2));
    run.agreed();
    assert_eq!(Run::new(3, Some(file.clone())).seed(), None);
    std::fs::remove_file(file).unwrap();
}
