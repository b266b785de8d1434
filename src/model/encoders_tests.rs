//! Encoders in a registry: installed, loaded, damaged, missing.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::features::encoder::tests::fixture::{Tiny, names, put};
use crate::model::Registry;

/// An encoder's folder, with a file that does not belong to it, and an empty registry.
fn desk() -> (TempDir, TempDir) {
    let source = Tiny::new().write();
    put(source.path(), "vocab.txt", b"not read");
    (source, tempfile::tempdir().unwrap())
}

/// The checksum of what was installed.
fn installed(models: &Path, source: &Path) -> String {
    let encoder = install(models, source).unwrap();
    encoder.checksum().to_owned()
}

#[test]
fn what_was_installed_is_loaded() {
    let (source, models) = desk();
    let checksum = installed(models.path(), source.path());
    let folder = folder_of(models.path(), &checksum).unwrap();
    assert_eq!(folder, models.path().join("encoders").join(&checksum[..16]));
    assert_eq!(
        names(&folder),
        [
            "1_Pooling",
            "config.json",
            "model.safetensors",
            "sentence_bert_config.json",
            "tokenizer.json"
        ]
    );
    drop(source);
    let encoder = load(models.path(), &checksum).unwrap();
    assert_eq!(encoder.checksum(), checksum);
    assert_eq!(names(&models.path().join("encoders")), [&checksum[..16]]);
    // It is no version of a model.
    assert!(Registry::new(models.path()).list().unwrap().is_empty());
}

#[test]
fn one_that_is_there_is_left_alone_and_a_damaged_one_replaced() {
    let (source, models) = desk();
    let checksum = installed(models.path(), source.path());
    let config = folder_of(models.path(), &checksum)
        .unwrap()
        .join("config.json");
    let written = || fs::metadata(&config).unwrap().modified().unwrap();
    let before = written();
    install(models.path(), source.path()).unwrap();
    assert_eq!(written(), before);
    let text = fs::read_to_string(&config).unwrap();
    for damage in [text.replace("0.01", "0.02"), "{".to_owned()] {
        fs::write(&config, damage).unwrap();
        let error = load(models.path(), &checksum).unwrap_err();
        assert!(matches!(error, EncodersError::Damaged { .. }), "{error}");
        let error = error.to_string();
        for part in [&checksum, &checksum[..16], "damaged", "encoder install DIR"] {
            assert!(error.contains(part), "{error}");
        }
        install(models.path(), source.path()).unwrap();
        assert_eq!(fs::read_to_string(&config).unwrap(), text);
    }
    assert_eq!(names(&models.path().join("encoders")), [&checksum[..16]]);
}

#[test]
fn models_share_an_encoder_and_its_files_are_looked_at_all_the_same() {
    let (source, models) = desk();
    let checksum = installed(models.path(), source.path());
    let first = load(models.path(), &checksum).unwrap();
    let second = load(models.path(), &checksum).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    put(
        &folder_of(models.path(), &checksum).unwrap(),
        "config.json",
        b"{}",
    );
    assert!(load(models.path(), &checksum).is_err());
}

#[test]
fn a_missing_encoder_is_named_with_what_to_do() {
    let models = Path::new("no-such-models");
    let error = load(models, ALL_MINILM_L6_V2).unwrap_err().to_string();
    for part in [
        ALL_MINILM_L6_V2,
        "all-MiniLM-L6-v2",
        "no-such-models/encoders/f30672685ec90a3d",
        "'triage-train encoder install DIR --models no-such-models'",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_checksum_that_is_none_opens_no_folder() {
    let upper = ALL_MINILM_L6_V2.to_uppercase();
    let outside = format!("../../{}", &ALL_MINILM_L6_V2[6..]);
    for checksum in [
        "",
        "../../etc",
        &ALL_MINILM_L6_V2[..16],
        &upper,
        &outside,
        "é".repeat(32).as_str(),
    ] {
        let error = load(Path::new("."), checksum).unwrap_err();
        assert!(matches!(error, EncodersError::Checksum { .. }), "{error}");
    }
}

#[test]
fn what_is_no_encoder_is_not_installed() {
    let (source, models) = desk();
    fs::remove_file(source.path().join("tokenizer.json")).unwrap();
    let error = install(models.path(), source.path()).unwrap_err();
    assert!(error.to_string().contains("tokenizer.json"), "{error}");
    assert!(names(models.path()).is_empty());
}

#[test]
fn programs_that_install_at_once_agree() {
    let (source, models) = desk();
    let (source, models) = (source.path(), models.path());
    let checksums: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| installed(models, source)))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(load(models, &checksums[0]).is_ok());
    assert_eq!(names(&models.join("encoders")), [&checksums[0][..16]]);
}
