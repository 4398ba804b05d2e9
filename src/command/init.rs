//! `cekbrand init`: a commented configuration file with fresh keys.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clap::Parser;

use crate::config::{SETTINGS, Setting};

const HEAD: &str = "\
# Configuration of CekBrand. Environment variables (in brackets) are over this file, this file is over the defaults.
# What is commented out shows the default. Secrets can be kept elsewhere: `app_secrets_file = \"/run/secrets/app\"`.
# Keep this file to yourself: it holds keys.
";

/// Writes a commented cekbrand.toml with fresh keys.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand init\n  cekbrand init --file /etc/cekbrand.toml")]
pub(crate) struct Args {
    /// Where to write; a file that exists is left alone.
    #[arg(long, default_value = "cekbrand.toml")]
    file: PathBuf,
    /// Print to stdout instead.
    #[arg(long, conflicts_with = "file")]
    stdout: bool,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<()> {
    let text = render();
    if args.stdout {
        return std::io::stdout().write_all(text.as_bytes()).context("stdout is closed");
    }
    let shown = args.file.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.file) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{shown} exists and is left alone: move it away, or name another with --file")
        }
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be written")),
    };
    file.write_all(text.as_bytes()).with_context(|| format!("{shown} cannot be written"))?;
    println!("{shown} is written; set meta.app_id, meta.app_secrets and database.url in it");
    Ok(())
}

/// The file's text: every setting of the table, in its order.
fn render() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for setting in SETTINGS {
        let (table, key) = setting.name.split_once('.').unwrap_or(("", setting.name));
        if table != section {
            text.extend(["\n[", table, "]\n"]);
            section = table;
        }
        text += &render_setting(setting, key);
    }
    text
}

fn render_setting(setting: &Setting, key: &str) -> String {
    let comment = format!("# {} [{}]\n", setting.help, setting.variable());
    match (fresh(setting.name), setting.default) {
        (Some(key_material), _) => format!("{comment}{key} = \"{key_material}\"\n"),
        (None, Some(default)) => format!("{comment}#{key} = \"{default}\"\n"),
        (None, None) => format!("{comment}#{key} =\n"),
    }
}

/// Keys that only need to be random.
fn fresh(name: &str) -> Option<String> {
    match name {
        "token_key" | "alerts.secret" => Some(STANDARD.encode(rand::random::<[u8; 32]>())),
        "meta.verify_token" => Some(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_toml_and_names_every_setting() {
        let text = render();
        let table: toml::Table = text.parse().unwrap();
        assert!(table.contains_key("token_key") && table["meta"].get("verify_token").is_some());
        let uncommented: String =
            text.lines().map(|l| l.strip_prefix('#').unwrap_or(l)).collect::<Vec<_>>().join("\n");
        for setting in SETTINGS {
            let key = setting.name.rsplit('.').next().unwrap();
            assert!(uncommented.lines().any(|l| l.starts_with(&format!("{key} ="))), "{}", setting.name);
            assert!(text.contains(&setting.variable()), "{}", setting.name);
        }
    }

    #[test]
    fn keys_differ_from_file_to_file() {
        assert_ne!(render(), render());
    }
}
