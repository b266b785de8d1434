//! The files of `deploy/`, read.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A file or folder of `deploy/`.
pub(crate) fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(path)
}

/// A file of `deploy/` as text.
pub(crate) fn text(path: &str) -> String {
    let path = deploy(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of YAML with one document.
pub(crate) fn yaml(path: &str) -> Value {
    let mut all = documents(path);
    assert_eq!(all.len(), 1, "{path}");
    all.remove(0)
}

/// The documents of a file of YAML.
pub(crate) fn documents(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The manifests that a folder's `kustomization.yaml` names as resources, files alone.
pub(crate) fn resources(folder: &str) -> Vec<Value> {
    let kustomization = yaml(&format!("{folder}/kustomization.yaml"));
    let files = kustomization["resources"].as_array().unwrap();
    let files = files.iter().map(|file| file.as_str().unwrap());
    files
        .filter(|file| file.ends_with(".yaml"))
        .flat_map(|file| documents(&format!("{folder}/{file}")))
        .collect()
}

/// The only manifest of a kind.
pub(crate) fn of_kind<'a>(manifests: &'a [Value], kind: &str) -> &'a Value {
    let mut found = manifests.iter().filter(|manifest| manifest["kind"] == kind);
    let manifest = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "{kind} is there twice");
    manifest
}

/// The container of a deployment.
pub(crate) fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

/// What `field` is of each object of a list.
pub(crate) fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|object| &object[field]).collect()
}
