//! Files that other programs read, judged by tools that know those programs: migrations by squawk, Kubernetes
//! manifests by its own schema, the configuration of Prometheus by promtool. pip fetches the tools once into
//! the target directory.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Exactly these, so that every machine is told the same.
const SQUAWK: &str = "squawk-cli==2.70.0";
const KUBERNETES: &str = "kubernetes-validate==1.37.0";
/// The last migration that was made before squawk was asked: they ran on tables that nobody wrote to yet.
const UNASKED: u32 = 17;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Fetches a Python package with all that it needs, once, and gives its place.
fn package(named: &str) -> PathBuf {
    let target = root().join("target");
    let home = target.join(named.replace("==", "-"));
    let lock = File::create(target.join("foreign.lock")).unwrap();
    lock.lock().unwrap();
    if home.is_dir() {
        return home;
    }
    let partial = tempfile::tempdir_in(&target).unwrap();
    let packages = partial.path().join("packages");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
    let output = pip.arg(&packages).arg(named).output();
    let output = output.expect("python3 is lacking: run script/bootstrap --tests");
    assert!(output.status.success(), "pip cannot fetch {named}: {}", said(&output));
    // It appears whole or not at all.
    fs::rename(&packages, &home).unwrap();
    home
}

/// Runs a tool of a package, in the repository's root.
fn run(home: &Path, tool: &str, arguments: &[impl AsRef<OsStr>]) -> Output {
    let mut command = Command::new(home.join("bin").join(tool));
    command.args(arguments).env("PYTHONPATH", home).env("NO_COLOR", "1").current_dir(root());
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn squawk(files: &[PathBuf]) -> Output {
    let home = package(SQUAWK);
    let arguments: Vec<&OsStr> =
        [OsStr::new("--reporter=gcc")].into_iter().chain(files.iter().map(|file| file.as_os_str())).collect();
    run(&home, "squawk", &arguments)
}

#[test]
fn no_new_migration_blocks_writers_or_breaks_the_version_before() {
    let number = |file: &PathBuf| -> Option<u32> {
        let is_sql = file.extension().is_some_and(|extension| extension == "sql");
        is_sql.then(|| file.file_name()?.to_str()?.split('_').next()?.parse().ok()).flatten()
    };
    let files = fs::read_dir(root().join("migrations")).unwrap().map(|entry| entry.unwrap().path());
    let new: Vec<PathBuf> =
        files.filter(|file| number(file).is_some_and(|number| number > UNASKED)).collect();
    assert!(!new.is_empty());
    let output = squawk(&new);
    assert!(
        output.status.success(),
        "{}\nmend it, or say why it may be so: -- squawk-ignore RULE",
        said(&output)
    );
}

/// What the policy of upgrades promises, each broken on purpose.
#[test]
fn a_migration_that_would_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, sql, rule) in [
        (
            "index",
            "CREATE INDEX by_text ON instagram.media_comment (text);",
            "require-concurrent-index-creation",
        ),
        ("type", "ALTER TABLE pipeline.event ALTER COLUMN raw TYPE varchar(9);", "changing-column-type"),
        ("column", "ALTER TABLE pipeline.event ADD COLUMN more text NOT NULL;", "adding-required-field"),
        (
            "not-null",
            "ALTER TABLE pipeline.event ALTER COLUMN extra SET NOT NULL;",
            "adding-not-nullable-field",
        ),
        ("name", "ALTER TABLE instagram.media RENAME COLUMN caption TO words;", "renaming-column"),
        ("drop", "ALTER TABLE instagram.media DROP COLUMN caption;", "ban-drop-column"),
    ] {
        let file = folder.path().join(format!("{name}.sql"));
        fs::write(&file, sql).unwrap();
        let output = squawk(&[file]);
        assert!(!output.status.success() && said(&output).contains(rule), "{name}: {}", said(&output));
    }
}

#[test]
fn the_manifests_are_what_kubernetes_understands() {
    let home = package(KUBERNETES);
    let tried = |path: &Path| {
        let arguments = ["--strict".as_ref(), "--quiet".as_ref(), path.as_os_str()];
        run(&home, "kubernetes-validate", &arguments)
    };
    let manifests = root().join("deploy/kubernetes.yaml");
    let output = tried(&manifests);
    assert!(output.status.success(), "{}", said(&output));
    // A validator that lets everything pass would say the same.
    let text = fs::read_to_string(&manifests).unwrap();
    let wrong = tempfile::tempdir().unwrap();
    for (from, to) in [("maxReplicas: 12", "maxReplicas: many"), ("readinessProbe:", "readynessProbe:")] {
        let path = wrong.path().join("wrong.yaml");
        fs::write(&path, text.replace(from, to)).unwrap();
        assert!(text.contains(from) && !tried(&path).status.success(), "{to}");
    }
}

/// The metric that workers are scaled by is one that they have.
#[test]
fn workers_are_scaled_by_a_metric_of_theirs() {
    let manifests = fs::read_to_string(root().join("deploy/kubernetes.yaml")).unwrap();
    let documents = manifests.split("\n---\n").map(|text| {
        let read: serde_json::Value = serde_saphyr::from_str(text).unwrap();
        read
    });
    let documents: Vec<_> = documents.collect();
    let of = |kind: &str| {
        let is_it =
            |each: &&serde_json::Value| each["kind"] == kind && each["metadata"]["name"] == "cekbrand-work";
        documents.iter().find(is_it).unwrap()
    };
    let scaler = of("HorizontalPodAutoscaler");
    let metric = scaler["spec"]["metrics"][0]["external"]["metric"]["name"].as_str().unwrap();
    let known = fs::read_to_string(root().join("deploy/metrics.md")).unwrap();
    assert!(known.contains(&format!("| `{metric}` | gauge |")), "{metric}");
    assert_eq!(scaler["spec"]["scaleTargetRef"]["name"], "cekbrand-work");
    // Applying the file again must not undo what the scaler did.
    assert!(of("Deployment")["spec"]["replicas"].is_null());
}
