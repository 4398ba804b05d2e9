//! `sentiment-lab`: trains the bundled model and measures it. Runs by hand, never in production.
//!
//! `train` writes the artefact, `report` prints every figure of the model card, `agree` compares the two
//! labelling passes over the acceptance set, `load` tells what reading the model costs.

mod agree;
mod bootstrap;
mod calibrate;
mod compile;
mod contrast;
mod corpus;
mod cross;
mod data;
mod fit;
mod lbfgs;
mod load;
mod misses;
mod report;
mod settings;
mod vectors;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cekbrand_sentiment::Model;
use settings::Settings;

const USAGE: &str = "\
usage: sentiment-lab train  --data DIR --slang FILE [--out FILE] [NAME=VALUE ...]
       sentiment-lab report --data DIR --slang FILE [--out FILE] [NAME=VALUE ...]
       sentiment-lab misses --labelled FILE [--out FILE]
       sentiment-lab agree
       sentiment-lab load

DIR holds smsa_train.tsv, smsa_valid.tsv, vader_tweets_en.tsv, umsab_en_valid.tsv and lexicons/.
--slang is the slang map, slang_data.py of the package indoNLP 0.3.4.
--out is the artefact: written by train, measured by report and misses; the crate's own by default.
--labelled has lines of class<TAB>text.
NAME=VALUE changes a setting of trainer/settings.rs.";

/// The arguments after the subcommand.
struct Arguments {
    data: Option<PathBuf>,
    slang: Option<PathBuf>,
    labelled: Option<PathBuf>,
    out: PathBuf,
    settings: Settings,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let (command, rest) = arguments.split_first().ok_or(USAGE)?;
    let arguments = Arguments::read(rest)?;
    let corpus = || match (&arguments.data, &arguments.slang) {
        (Some(data), Some(slang)) => corpus::Corpus::read(data, slang, &arguments.settings),
        _ => Err(USAGE.into()),
    };
    match command.as_str() {
        "train" => train(&corpus()?, &arguments),
        "report" => {
            let bytes = arguments.artefact()?;
            report::print(&corpus()?, &arguments.settings, &model(&bytes)?)
        }
        "misses" => {
            let bytes = arguments.artefact()?;
            misses::print(&model(&bytes)?, arguments.labelled.as_deref().ok_or(USAGE)?)
        }
        "agree" => agree::print(),
        "load" => load::print(),
        _ => Err(USAGE.into()),
    }
}

fn train(corpus: &corpus::Corpus, arguments: &Arguments) -> Result<(), String> {
    let settings = &arguments.settings;
    let outside = cross::outside(corpus, settings);
    let calibration = calibrate::calibrate(&outside);
    let weights = fit::fit(&corpus.training(), settings);
    let bytes = weights.artefact(corpus.lexicon()?, calibration, settings.bits).write();
    std::fs::write(&arguments.out, &bytes)
        .map_err(|error| format!("cannot write {}: {error}", arguments.out.display()))?;
    println!("{} bytes, {calibration:?}", bytes.len());
    Ok(())
}

fn model(bytes: &[u8]) -> Result<Model<'_>, String> {
    Model::read(bytes).map_err(|error| error.to_string())
}

impl Arguments {
    fn artefact(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.out).map_err(|error| format!("cannot read {}: {error}", self.out.display()))
    }

    fn read(words: &[String]) -> Result<Self, String> {
        let out = home().join("model/id-linear.bin");
        let mut arguments =
            Self { data: None, slang: None, labelled: None, out, settings: Settings::default() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().map(PathBuf::from).ok_or(USAGE);
            match word.as_str() {
                "--data" => arguments.data = Some(value()?),
                "--slang" => arguments.slang = Some(value()?),
                "--labelled" => arguments.labelled = Some(value()?),
                "--out" => arguments.out = value()?,
                other => arguments.settings.set(other)?,
            }
        }
        Ok(arguments)
    }
}

/// The folder of the crate, where our own lists and the acceptance set lie.
fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
