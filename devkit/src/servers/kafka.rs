//! Apache Kafka from Maven Central's jars: one KRaft node, fetched once into the target directory, formatted
//! in a private directory, and made ready to be supervised.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::java::{self, Java};
use super::postgres::free_port;
use super::supervise::{Launch, tail};

/// The version that is fetched, and the tag of the image where Docker is used.
pub(super) const VERSION: &str = "4.1.1";
const DEPENDENCY_PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/// Broker settings for tests, for the local broker and the container alike.
pub(super) const SETTINGS: [(&str, &str); 19] = [
    ("process.roles", "broker,controller"),
    ("node.id", "1"),
    ("controller.listener.names", "CONTROLLER"),
    ("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"),
    ("inter.broker.listener.name", "PLAINTEXT"),
    ("auto.create.topics.enable", "false"),
    ("num.partitions", "12"),
    ("offsets.topic.num.partitions", "4"),
    ("offsets.topic.replication.factor", "1"),
    ("transaction.state.log.num.partitions", "1"),
    ("transaction.state.log.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
    ("share.coordinator.state.topic.num.partitions", "1"),
    ("share.coordinator.state.topic.replication.factor", "1"),
    ("share.coordinator.state.topic.min.isr", "1"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("group.min.session.timeout.ms", "1000"),
    ("num.network.threads", "2"),
    ("num.io.threads", "4"),
];

/// Fetches the jars if need be, formats a broker's directory, and says how to start it.
///
/// # Errors
/// When Java or Maven are missing, or a step fails.
pub(super) fn prepare(target: &Path) -> Result<Launch> {
    let java = java::find()?;
    let jars = fetch_jars(&target.join(format!("kafka-{VERSION}")), &java)?;
    let scratch = tempfile::Builder::new()
        .prefix("cekbrand-kafka-")
        .tempdir()
        .context("cannot create a directory for Kafka")?;
    let (port, controller_port) = (free_port()?, free_port()?);
    let properties = scratch.path().join("server.properties");
    fs::write(&properties, render_properties(scratch.path(), port, controller_port))
        .context("cannot write Kafka's settings")?;
    let mut class_path = jars.into_os_string();
    class_path.push("/*");
    format_storage(&java.program, &class_path, &properties)?;
    let mut command = vec![java.program.into_os_string()];
    command.extend(jvm_arguments(&class_path));
    command.extend(["kafka.Kafka".into(), properties.into()]);
    Ok(Launch {
        command,
        user: None,
        end_signal: "KILL",
        address: format!("127.0.0.1:{port}"),
        scratch: Some(scratch.keep()),
        container: None,
    })
}

/// Asks once whether a broker answers with itself.
///
/// # Errors
/// The refusal.
pub(super) fn answers(brokers: &str) -> Result<()> {
    if let [one] = brokers.split(',').collect::<Vec<_>>()[..] {
        std::net::TcpStream::connect(one).context("the port is closed")?;
    }
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set_log_level(RDKafkaLogLevel::Emerg)
        .create()
        .context("cannot create a Kafka client")?;
    let metadata = consumer.fetch_metadata(None, Duration::from_secs(5)).context("no metadata")?;
    if metadata.brokers().is_empty() {
        bail!("no broker has registered");
    }
    Ok(())
}

/// The directory of Kafka's jars. It appears whole or not at all.
fn fetch_jars(home: &Path, java: &Java) -> Result<PathBuf> {
    let jars = home.join("libs");
    if jars.is_dir() {
        return Ok(jars);
    }
    eprintln!("fetching Apache Kafka {VERSION} from Maven Central into {}", home.display());
    let partial = home.join("libs.partial");
    fs::create_dir_all(&partial).with_context(|| format!("cannot create {}", partial.display()))?;
    fs::write(home.join("pom.xml"), render_pom()).context("cannot write Kafka's pom.xml")?;
    let mut maven = Command::new("mvn");
    maven.envs(java.home.iter().map(|home| ("JAVA_HOME", home)));
    let output = maven
        .args(["--quiet", "--batch-mode", DEPENDENCY_PLUGIN, "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", partial.display()))
        .current_dir(home)
        .output();
    let Ok(output) = output else { bail!("`mvn` is not on PATH; {}", java::INSTALL) };
    if !output.status.success() {
        bail!("Maven could not fetch Kafka: {}", tail(&String::from_utf8_lossy(&output.stdout), 10));
    }
    fs::rename(&partial, &jars).context("cannot move Kafka's jars into place")?;
    Ok(jars)
}

fn render_pom() -> String {
    let dependency = |group: &str, artifact: &str, version: &str| {
        format!(
            "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>\
             <version>{version}</version></dependency>"
        )
    };
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>cekbrand</groupId><artifactId>test-kafka</artifactId><version>1</version>\
         <packaging>pom</packaging><dependencies>{}{}</dependencies></project>\n",
        dependency("org.apache.kafka", "kafka_2.13", VERSION),
        dependency("org.slf4j", "slf4j-simple", "1.7.36"),
    )
}

fn render_properties(scratch: &Path, port: u16, controller_port: u16) -> String {
    let mut lines: Vec<String> = SETTINGS.iter().map(|(name, value)| format!("{name}={value}")).collect();
    lines.push(format!("listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}"));
    lines.push(format!("advertised.listeners=PLAINTEXT://127.0.0.1:{port}"));
    lines.push(format!("controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}"));
    lines.push(format!("log.dirs={}", scratch.join("log").display()));
    lines.join("\n") + "\n"
}

fn format_storage(java: &Path, class_path: &OsString, properties: &Path) -> Result<()> {
    // A cluster id is 16 bytes in base64; which ones does not matter for a cluster of one.
    let output = Command::new(java)
        .args(jvm_arguments(class_path))
        .args(["kafka.tools.StorageTool", "format", "--standalone", "-t", "Y2VrYnJhbmQtdGVzdC0wMQ", "-c"])
        .arg(properties)
        .output()
        .context("cannot run Kafka's storage tool")?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!("Kafka's directory could not be formatted: {}", tail(&String::from_utf8_lossy(&text), 10));
    }
    Ok(())
}

/// A small heap and the quick compiler: the broker lives for minutes, not months.
fn jvm_arguments(class_path: &OsString) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = [
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    ]
    .map(OsString::from)
    .to_vec();
    arguments.extend(["-cp".into(), class_path.clone()]);
    arguments
}
