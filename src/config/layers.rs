//! Where each setting's text comes from: the environment, the file, or the table's default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::Path;

use super::table::{PREFIX, SETTINGS, Setting, find, nearest};

/// The file that is read when none is named.
const FILE: &str = "cekbrand.toml";
const DEFAULT: &str = "the default";
const FILE_SUFFIX: &str = "_FILE";

/// A setting's text and where it was found.
#[derive(Clone)]
pub(super) struct Text {
    value: String,
    origin: String,
}

impl Text {
    /// The text itself.
    pub(super) fn value(&self) -> &str {
        &self.value
    }

    /// Where it was found.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether nobody gave it.
    pub(super) fn is_default(&self) -> bool {
        self.origin == DEFAULT
    }

    /// Says that a setting's text is wrong, where it was found, and, unless it is a secret, what it is.
    pub(super) fn refuse(&self, setting: &Setting, expected: &str) -> String {
        if setting.kind.is_secret() {
            return format!("{} is not valid: {expected}", self.origin);
        }
        format!("{} is {:?}: {expected}", self.origin, self.value)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {}", self.origin)
    }
}

/// The configuration file, as it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    /// Its name, as it is shown.
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// A name that a layer gives, and its text; `None` for what is neither text nor number.
struct Given {
    name: String,
    text: Option<String>,
}

/// Every setting's text, and what could not be read.
#[derive(Debug, Default)]
pub(super) struct Layers {
    texts: BTreeMap<&'static str, Text>,
    /// Unknown names, unreadable files, and the like.
    pub(super) mistakes: Vec<String>,
}

impl Layers {
    /// Reads the file (`cekbrand.toml`, if there is one, when none is named) and the environment.
    pub(super) fn read(file: Option<&Path>, environment: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let path = file.unwrap_or(Path::new(FILE));
        let shown = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::of(Some(File { name: &shown, text: &text }), environment),
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Self::of(None, environment)
            }
            Err(error) => {
                let mut layers = Self::of(None, environment);
                layers.mistakes.push(format!("{shown} cannot be read: {error}"));
                layers
            }
        }
    }

    /// The layers of a file and of an environment.
    pub(super) fn of(
        file: Option<File<'_>>,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Self {
        let mut layers = Self::default();
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                layers.put(setting, default.to_owned(), DEFAULT.to_owned());
            }
        }
        if let Some(file) = file {
            layers.read_file(file);
        }
        layers.read_environment(environment);
        layers
    }

    /// A setting's text, if anybody gave one.
    pub(super) fn text(&self, name: &str) -> Option<&Text> {
        self.texts.get(name)
    }

    /// Puts a text that the program itself chose over all layers.
    pub(super) fn overlay(&mut self, name: &str, text: String) {
        if let Some(setting) = find(name) {
            self.put(setting, text, format!("{name} of the program"));
        }
    }

    fn put(&mut self, setting: &'static Setting, value: String, origin: String) {
        self.texts.insert(setting.name, Text { value, origin });
    }

    fn read_file(&mut self, File { name: file, text }: File<'_>) {
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                // The error's own text quotes the line, which may hold a secret.
                let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
                self.mistakes.push(format!("{file}, line {line}: {}", error.message()));
                return;
            }
        };
        let mut given = Vec::new();
        flatten("", table, &mut given);
        let names = || SETTINGS.iter().map(|setting| setting.name.to_owned());
        self.read_layer(given, &format!(" in {file}"), "_file", find, |name| nearest(name, names()));
    }

    fn read_environment(&mut self, environment: impl Iterator<Item = (OsString, OsString)>) {
        let mut given = Vec::new();
        for (name, value) in environment {
            let Ok(name) = name.into_string() else { continue };
            let is_common = name == "DATABASE_URL";
            if !name.starts_with(PREFIX) && !is_common {
                continue;
            }
            match value.into_string() {
                // What a container engine makes of a variable that was not given.
                Ok(value) if value.is_empty() => {}
                Ok(value) if is_common => self.put_common_database_url(value),
                Ok(text) => given.push(Given { name, text: Some(text) }),
                Err(_) => self.mistakes.push(format!("{name} is not UTF-8")),
            }
        }
        given.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let by_variable = |name: &str| SETTINGS.iter().find(|setting| setting.variable() == name);
        let names = || SETTINGS.iter().map(Setting::variable);
        self.read_layer(given, "", FILE_SUFFIX, by_variable, |name| nearest(name, names()));
    }

    /// Below the setting's own variable, above the file.
    fn put_common_database_url(&mut self, value: String) {
        if let Some(setting) = find("database.url") {
            self.put(setting, value, "DATABASE_URL".to_owned());
        }
    }

    /// Takes what is given over the layers below.
    fn read_layer(
        &mut self,
        given: Vec<Given>,
        place: &str,
        file_suffix: &str,
        find: impl Fn(&str) -> Option<&'static Setting>,
        nearest: impl Fn(&str) -> Option<String>,
    ) {
        let has = |name: &str| given.iter().any(|other| other.name == name);
        let mut twice = Vec::new();
        for Given { name, .. } in &given {
            let path = format!("{name}{file_suffix}");
            if has(&path) {
                twice.push(format!("{name} and {path}{place} are both set: give one of them"));
            }
        }
        self.mistakes.extend(twice);
        for Given { name, text } in given {
            let from_file = name.strip_suffix(file_suffix).and_then(&find).filter(|s| s.kind.is_secret());
            let origin = format!("{name}{place}");
            match (find(&name), from_file, text) {
                (Some(setting), _, Some(text)) => self.put(setting, text, origin),
                (None, Some(setting), Some(path)) => self.put_from_file(setting, &path, origin),
                (None, None, _) => {
                    let hint =
                        nearest(&name).map_or_else(String::new, |name| format!("; did you mean {name}?"));
                    self.mistakes.push(format!("{origin} is no setting{hint}"));
                }
                (_, _, None) => self.mistakes.push(format!("{origin} is neither a text nor a number")),
            }
        }
    }

    fn put_from_file(&mut self, setting: &'static Setting, path: &str, origin: String) {
        match fs::read_to_string(path) {
            Ok(text) => self.put(setting, text.trim_end_matches(['\r', '\n']).to_owned(), origin),
            Err(error) => self.mistakes.push(format!("{origin}: {path} cannot be read: {error}")),
        }
    }
}

/// Turns nested tables into dotted names.
fn flatten(prefix: &str, table: toml::Table, into: &mut Vec<Given>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&name, inner, into),
            toml::Value::String(text) => into.push(Given { name, text: Some(text) }),
            toml::Value::Integer(number) => into.push(Given { name, text: Some(number.to_string()) }),
            _ => into.push(Given { name, text: None }),
        }
    }
}
