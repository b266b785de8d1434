//! The vectors that an encoder gave in earlier fits: kept beside the models, unless a fit is told not to.

use crate::desk::Desk;
use crate::tiny_encoder::Tiny;

const CACHE: &str = "models/.vector-cache";

#[test]
fn without_the_cache_the_same_model_is_made_and_nothing_is_kept() {
    let desk = Desk::new();
    let encoder = Tiny::new().write();
    let encoder = encoder.path().to_str().unwrap();
    for source in ["--encoder", "--distill-with"] {
        let fit = |options: &str| desk.fit(&format!("{source} {encoder} {options}"));
        let version = fit("--no-cache");
        assert!(!desk.path(CACHE).exists(), "{source}");
        assert_eq!(fit(""), version, "{source}");
        assert_eq!(desk.names(CACHE).len(), 1, "{source}");
        std::fs::remove_dir_all(desk.path(CACHE)).unwrap();
    }
}

#[test]
fn without_the_cache_one_that_cannot_be_used_does_not_matter() {
    let desk = Desk::new();
    let encoder = Tiny::new().write();
    let encoder = encoder.path().to_str().unwrap();
    std::fs::create_dir(desk.path("models")).unwrap();
    desk.write(CACHE, "no folder");
    let fit = format!("fit --data tickets.csv --models models --encoder {encoder}");
    desk.run(&fit)
        .refused_with(&[".vector-cache", "delete the file"]);
    desk.run(&format!("{fit} --no-cache")).done();
    assert_eq!(desk.read(CACHE), b"no folder");
}

#[test]
fn without_an_encoder_there_is_no_cache_to_do_without() {
    let desk = Desk::new();
    let run = desk.run("fit --data tickets.csv --models models --no-cache");
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(run.stderr.contains("--encoder"), "{run:#?}");
    assert!(desk.names("models").is_empty());
}
