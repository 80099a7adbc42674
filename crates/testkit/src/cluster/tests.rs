//! The cluster's life, with a real server.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::*;
use crate::process::is_running;

/// A folder that the user `postgres` can reach when the tests run as root.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("strongroom-").tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn cluster(folder: &tempfile::TempDir, durability: Durability) -> Cluster {
    let settings = ClusterSettings {
        folder: folder.path().join("cluster"),
        binaries: Binaries::for_tests().unwrap(),
        durability,
        options: vec![("shared_buffers".to_owned(), "16MB".to_owned())],
    };
    Cluster::open(settings).unwrap()
}

#[test]
fn a_cluster_starts_twice_crashes_recovers_and_stops() {
    let folder = folder();
    let cluster = cluster(&folder, Durability::Volatile);
    assert_eq!(cluster.status(), Status::Stopped);
    cluster.start().unwrap();
    let pid = cluster.status().pid().unwrap();
    cluster.start().unwrap();
    assert_eq!(
        cluster.status(),
        Status::Ready { pid },
        "a second start leaves the server alone"
    );

    cluster.crash().unwrap();
    assert_eq!(cluster.status(), Status::Stopped);
    assert!(
        cluster.data_folder().join("postmaster.pid").exists(),
        "SIGKILL leaves the pid file behind"
    );
    cluster.start().unwrap();
    assert_ne!(cluster.status().pid(), Some(pid));

    let pid = cluster.status().pid().unwrap();
    cluster.stop().unwrap();
    assert!(!is_running(pid));
    cluster.stop().unwrap();
}

#[test]
fn a_pid_file_that_names_a_stranger_is_stale() {
    let folder = folder();
    let cluster = cluster(&folder, Durability::Volatile);
    cluster.start().unwrap();
    cluster.stop().unwrap();
    let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
    fs::write(
        cluster.data_folder().join("postmaster.pid"),
        format!("{}\n", stranger.id()),
    )
    .unwrap();
    assert_eq!(cluster.status(), Status::Stopped);
    let started = cluster.start();
    cluster.stop().unwrap();
    assert!(is_running(stranger.id().cast_signed()), "the stranger was killed");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    started.unwrap();
}

#[test]
fn nobody_else_can_enter_the_folders_of_a_cluster() {
    let folder = folder();
    let cluster = cluster(&folder, Durability::Volatile);
    cluster.start().unwrap();
    cluster.stop().unwrap();
    for inner in [
        cluster.data_folder(),
        cluster.socket_folder(),
        cluster.secrets_folder(),
    ] {
        let mode = fs::metadata(&inner).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", inner.display());
    }
    let left: Vec<_> = fs::read_dir(cluster.secrets_folder())
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(left.len(), 1, "only the superuser's password is kept");
}

#[test]
fn a_setting_that_the_server_refuses_is_shown_from_its_log() {
    let folder = folder();
    let mut cluster = cluster(&folder, Durability::Volatile);
    cluster
        .settings
        .options
        .push(("shared_buffers".to_owned(), "plenty".to_owned()));
    let error = cluster.start().unwrap_err().to_string();
    assert!(
        error.contains("invalid value for parameter \"shared_buffers\""),
        "{error}"
    );
}

#[test]
fn a_socket_path_beyond_the_kernels_limit_is_refused() {
    let folder = folder();
    let settings = ClusterSettings::durable(folder.path().join("x".repeat(100))).unwrap();
    let error = Cluster::open(settings).unwrap_err().to_string();
    assert!(error.contains("use a shorter folder"), "{error}");
}
