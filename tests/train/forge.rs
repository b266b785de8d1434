//! Tampers with a model and writes it again with right checksums, so that only what it says is wrong.

use std::fs;

use serde_json::Value;
use triage::checksum::sha256_hex;

use crate::desk::Desk;

/// A model in parts that can be tampered with before it is written again with right checksums.
pub(crate) struct Model {
    pub(crate) manifest: Value,
    pub(crate) weights: Vec<u8>,
}

impl Model {
    pub(crate) fn read(desk: &Desk, version: &str) -> Self {
        let manifest = desk.read(&format!("models/{version}/manifest.json"));
        Self {
            manifest: serde_json::from_slice(&manifest).unwrap(),
            weights: desk.read(&format!("models/{version}/weights.safetensors")),
        }
    }

    /// Writes it as a version of its own, all checksums computed anew.
    pub(crate) fn write(mut self, desk: &Desk) -> String {
        self.manifest["files"]["weights.safetensors"] = sha256_hex(&self.weights).into();
        let manifest = serde_json::to_vec_pretty(&self.manifest).unwrap();
        let version = sha256_hex(&manifest)[..16].to_owned();
        fs::create_dir_all(desk.path(&format!("models/{version}"))).unwrap();
        desk.write(&format!("models/{version}/manifest.json"), manifest);
        desk.write(
            &format!("models/{version}/weights.safetensors"),
            self.weights,
        );
        version
    }

    /// The header of the weights: tensors by name with type, shape and place.
    pub(crate) fn header(&self) -> Value {
        serde_json::from_slice(&self.weights[8..self.start()]).unwrap()
    }

    pub(crate) fn set_header(&mut self, header: &Value) {
        let tensors = self.weights.split_off(self.start());
        let mut header = header.to_string().into_bytes();
        header.resize(header.len().next_multiple_of(8), b' ');
        self.weights = (header.len() as u64).to_le_bytes().to_vec();
        self.weights.extend(header);
        self.weights.extend(tensors);
    }

    /// Where the tensors start.
    pub(crate) fn start(&self) -> usize {
        let length = u64::from_le_bytes(self.weights[..8].try_into().unwrap());
        8 + usize::try_from(length).unwrap()
    }

    /// The bytes of one tensor.
    pub(crate) fn tensor(&mut self, name: &str) -> &mut [u8] {
        let offsets = self.header()[name]["data_offsets"].clone();
        let offset = |end: usize| usize::try_from(offsets[end].as_u64().unwrap()).unwrap();
        let start = self.start();
        &mut self.weights[start + offset(0)..start + offset(1)]
    }
}

/// A kind of tampering, the file that is to be named, and what is to be said of it.
pub(crate) type Case = (fn(&mut Model), &'static str, &'static str);

#[track_caller]
pub(crate) fn each_is_refused(cases: &[Case]) {
    let desk = Desk::new();
    let active = desk.fit("--facet mood=mood --activate");
    let untouched = Model::read(&desk, &active).write(&desk);
    desk.run(&format!("models show {untouched}")).done();
    for (number, (tamper, file, cause)) in cases.iter().enumerate() {
        let mut model = Model::read(&desk, &active);
        tamper(&mut model);
        let version = model.write(&desk);
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
