//! A port that somebody else has: which one, and who, as far as the system tells.

use std::net::SocketAddr;
use std::path::Path;

/// One sentence about an address that cannot be listened on, with its holder where the system tells (Linux,
/// and processes that may be looked at).
pub(crate) fn taken(listen: SocketAddr, setting: &str) -> String {
    let port = listen.port();
    match holder(port) {
        Some(holder) => {
            format!(
                "{listen} cannot be listened on: {holder} has port {port}; end it, or choose another address with {setting}"
            )
        }
        None => {
            format!(
                "{listen} cannot be listened on: port {port} may be another process's; choose another address with {setting}"
            )
        }
    }
}

/// Says who has the port, where that is why a role did not start.
pub(crate) fn explain<E>(error: E, listen: SocketAddr, setting: &str) -> anyhow::Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(each) = cause {
        if each.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::AddrInUse)
        {
            return anyhow::anyhow!(taken(listen, setting));
        }
        cause = each.source();
    }
    anyhow::Error::new(error)
}

/// Name and number of the process that listens on a TCP port.
fn holder(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(std::fs::read_to_string);
    let inode = tables.iter().flatten().find_map(|table| listening_inode(table, port))?;
    let socket = format!("socket:[{inode}]");
    let processes = std::fs::read_dir("/proc").ok()?;
    processes.filter_map(Result::ok).find_map(|process| {
        let path = process.path();
        let number: u32 = path.file_name()?.to_str()?.parse().ok()?;
        let mut files = std::fs::read_dir(path.join("fd")).ok()?.filter_map(Result::ok);
        files.find(|file| std::fs::read_link(file.path()).is_ok_and(|to| to == Path::new(&socket)))?;
        let name = std::fs::read_to_string(path.join("comm")).ok()?;
        Some(format!("{} (process {number})", name.trim_end()))
    })
}

/// The inode of the socket that listens on a port, in the kernel's table: the second field is the local
/// address, the fourth the state (0A listens), the tenth the inode.
fn listening_inode(table: &str, port: u16) -> Option<&str> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, local_port) = fields.get(1)?.rsplit_once(':')?;
        let listens = *fields.get(3)? == "0A" && u16::from_str_radix(local_port, 16) == Ok(port);
        if listens { fields.get(9).copied() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two lines as `proc_pid_net(5)` describes them: a listener on 127.0.0.1:8080, and a connection from the
    /// same port.
    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 20 4 30 10 -1
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 222 1 0 100 0 0 10 0";

    #[test]
    fn the_listener_of_a_port_is_found_among_its_connections() {
        assert_eq!(listening_inode(TABLE, 8080), Some("222"));
        assert_eq!(listening_inode(TABLE, 8081), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_port_of_this_process_is_known_to_be_its_own() {
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap();
        let sentence = taken(address, "CEKBRAND__ADMIN__LISTEN");
        assert!(sentence.contains(&format!("(process {})", std::process::id())), "{sentence}");
        assert!(sentence.contains(&address.port().to_string()), "{sentence}");
    }
}
