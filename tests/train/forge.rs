//! Tampers with a model and writes it again with right checksums, so that only what it says is wrong.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use safetensors::tensor::{SafeTensors, TensorView};
use serde_json::Value;
use triage::checksum::sha256_hex;

use crate::desk::Desk;

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const WEIGHTS: &str = "weights.safetensors";
pub(crate) const TABLE: &str = "embedding.safetensors";
pub(crate) const TOKENIZER: &str = "tokenizer.json";

/// A model in parts that can be tampered with before it is written again with right checksums.
pub(crate) struct Model {
    pub(crate) manifest: Value,
    /// All other files by name.
    files: BTreeMap<String, Vec<u8>>,
}

impl Model {
    pub(crate) fn read(desk: &Desk, version: &str) -> Self {
        let mut files = desk.files(&format!("models/{version}"));
        let manifest = files.remove(MANIFEST).unwrap();
        Self {
            manifest: serde_json::from_slice(&manifest).unwrap(),
            files,
        }
    }

    /// Writes it as a version of its own, all checksums computed anew that the manifest has.
    pub(crate) fn write(mut self, desk: &Desk) -> String {
        for (name, bytes) in &self.files {
            if let Some(checksum) = self.manifest["files"].get_mut(name) {
                *checksum = sha256_hex(bytes).into();
            }
        }
        let manifest = serde_json::to_vec_pretty(&self.manifest).unwrap();
        let version = sha256_hex(&manifest)[..16].to_owned();
        let folder = format!("models/{version}");
        fs::create_dir_all(desk.path(&folder)).unwrap();
        desk.write(&format!("{folder}/{MANIFEST}"), manifest);
        for (name, bytes) in self.files {
            desk.write(&format!("{folder}/{name}"), bytes);
        }
        version
    }

    /// The bytes of a file other than the manifest.
    pub(crate) fn file(&mut self, name: &str) -> &mut Vec<u8> {
        self.files.get_mut(name).unwrap()
    }

    pub(crate) fn weights(&mut self) -> &mut Vec<u8> {
        self.file(WEIGHTS)
    }
}

/// The header of a safetensors file: tensors by name with type, shape and place.
pub(crate) fn header(file: &[u8]) -> Value {
    serde_json::from_slice(&file[8..start(file)]).unwrap()
}

/// Changes the header and nothing else.
pub(crate) fn change_header(file: &mut Vec<u8>, change: impl Fn(&mut Value)) {
    let mut header = header(file);
    change(&mut header);
    let tensors = file.split_off(start(file));
    let mut header = header.to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    *file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(tensors);
}

/// Where the tensors of a safetensors file start.
pub(crate) fn start(file: &[u8]) -> usize {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap());
    8 + usize::try_from(length).unwrap()
}

/// The bytes of one tensor.
pub(crate) fn tensor<'f>(file: &'f mut [u8], name: &str) -> &'f mut [u8] {
    let offsets = header(file)[name]["data_offsets"].clone();
    let offset = |end: usize| usize::try_from(offsets[end].as_u64().unwrap()).unwrap();
    let start = start(file);
    &mut file[start + offset(0)..start + offset(1)]
}

/// Lays the file out anew, one tensor replaced.
pub(crate) fn replace(
    file: &mut Vec<u8>,
    name: &str,
    change: impl Fn(&mut Vec<usize>, &mut Vec<u8>),
) {
    let (_, header) = SafeTensors::read_metadata(file).unwrap();
    let own: Option<HashMap<String, String>> = header.metadata().clone();
    let tensors = SafeTensors::deserialize(file).unwrap();
    let old = tensors.tensor(name).unwrap();
    let (mut shape, mut bytes) = (old.shape().to_vec(), old.data().to_vec());
    change(&mut shape, &mut bytes);
    let new = TensorView::new(old.dtype(), shape, &bytes).unwrap();
    let others = tensors.iter().filter(|(other, _)| *other != name);
    let all: Vec<_> = others.chain([(name, new)]).collect();
    *file = safetensors::serialize(all, own).unwrap();
}

/// A kind of tampering, the file that is to be named, and what is to be said of it.
pub(crate) type Case = (fn(&mut Model), &'static str, &'static str);

/// Tampers in each way with a model that has a small table, and tries all that loads it.
#[track_caller]
pub(crate) fn each_is_refused(cases: &[Case]) {
    let desk = Desk::new();
    desk.distill();
    let active = desk.fit("--facet mood=mood --embedding table --activate");
    let untouched = Model::read(&desk, &active).write(&desk);
    desk.run(&format!("models show {untouched}")).done();
    for (number, (tamper, file, cause)) in cases.iter().enumerate() {
        let mut model = Model::read(&desk, &active);
        tamper(&mut model);
        let version = model.write(&desk);
        assert_ne!(
            version, untouched,
            "case {number} ({cause}) changes nothing"
        );
        let expected = format!("error: models/{version}/{file}: ");
        for command in [
            format!("models activate {version}"),
            format!("evaluate --models models --version {version} --data tickets.csv"),
        ] {
            let run = desk.run(&command);
            assert_eq!(run.code, Some(2), "case {number} ({cause}): {run:#?}");
            run.refused_with(&[&expected, cause]);
        }
        assert_eq!(desk.read("models/active"), format!("{active}\n").as_bytes());
    }
}
