//! What must hold for any bytes from outside. Each function takes one input, panics where something does not hold, and
//! says whether the input was read; cargo-fuzz calls them with what it makes up, `tests/fuzz_corpus.rs` with the files of `corpus/` and changes to them.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use bytes::Bytes;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use serde_json::Value;
use tempfile::TempDir;
use triage::checksum::sha256_hex;
use triage::classifier::{HeadKind, Prediction, Workspace};
use triage::dataset::{Columns, Dataset, Format, check};
use triage::evaluation::{LabelledHead, LabelledTexts};
use triage::http::{to_json, to_wire};
use triage::model::{Bundle, NewBundle};
use triage::routing::{Policy, Roster};
use triage::text::{TokenBuffer, masked, visit_ngrams};
use triage::training::{FitParams, Sentences, TrainingData, Unobserved, fit};

const MANIFEST: &str = "manifest.json";
const WEIGHTS: &str = "weights.safetensors";

/// A small model on disk.
pub(crate) struct Small {
    /// The registry's folder.
    pub(crate) models: TempDir,
    /// What is in it.
    pub(crate) bundle: Bundle,
}

/// A model of two topics and two urgencies.
pub(crate) fn small() -> &'static Small {
    static SMALL: OnceLock<Small> = OnceLock::new();
    SMALL.get_or_init(|| {
        let models = tempfile::tempdir().unwrap();
        let bundle = save_small(models.path(), 42);
        Small { models, bundle }
    })
}

/// Fits such a model and saves it in a registry; another seed gives another version.
pub(crate) fn save_small(models: &Path, seed: u64) -> Bundle {
    let head = |kind: HeadKind, names: [&str; 2]| LabelledHead {
        kind,
        labels: (0..24).map(|row| Some(names[row % 2].to_owned())).collect(),
    };
    let texts = ["bill is wrong", "it is late"];
    let labelled = LabelledTexts {
        texts: (0..24).map(|row| texts[row % 2].to_owned()).collect(),
        heads: vec![
            head(HeadKind::Topic, ["bill", "late"]),
            head(HeadKind::Urgency, ["normal", "high"]),
        ],
    };
    let data = TrainingData {
        labelled: &labelled,
        sentences: &Sentences::None,
    };
    let params = FitParams {
        seed,
        ..FitParams::default()
    };
    let fitted = fit(data, &params, &Unobserved).unwrap();
    let new = NewBundle::new(fitted.classifier, &fitted.report, &params, Vec::new()).unwrap();
    new.save(models).unwrap().0
}

/// A ticket's text: places lie in it, personal data are masked whatever they stand among, probabilities are some, and
/// parts add up.
pub(crate) fn ticket(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let text = text.as_ref();
    assert_masked_within(text);
    let mut tokens = TokenBuffer::default();
    tokens.tokenize(text);
    let mut end = 0;
    for token in tokens.tokens() {
        assert!(
            text.get(token.span.clone())
                .is_some_and(|it| !it.is_empty())
        );
        assert!(!tokens.normalised(token).is_empty());
        assert!(token.span.end >= end, "tokens are in order");
        end = token.span.end;
    }
    let count = tokens.tokens().len();
    visit_ngrams(&tokens, |ngram| {
        assert!(ngram.first_token <= ngram.last_token);
        assert!((ngram.last_token as usize) < count);
    });
    let classifier = &small().bundle.classifier;
    let mut workspace = Workspace::default();
    let answer = classifier.classify(text, &mut workspace);
    let topic = answer.topic.as_ref().unwrap();
    assert_sound(topic);
    assert_sound(answer.urgency.as_ref().unwrap());
    let explainer = classifier.explainer(&workspace);
    let explanation = explainer.explain(&HeadKind::Topic, &topic.label).unwrap();
    assert!(explanation.logit().is_finite());
    true
}

/// Personal data, each of which would be found alone.
const PERSONAL: [&str; 6] = [
    "jane.doe@example.com",
    "+44 20 7946 0958",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "order no. 48213701",
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
];

/// On a line of its own, each is masked and no part of it is left, whatever the other lines say.
fn assert_masked_within(text: &str) {
    // A character that nothing that is masked holds, to find the line again: others may be one where a value went on.
    let text = text.replace('¦', " ");
    let starts = text.char_indices().map(|(at, _)| at);
    let middle = starts.take_while(|at| *at <= text.len() / 2).last();
    let middle = middle.unwrap_or(0);
    let (before, after) = text.split_at(middle);
    for value in PERSONAL {
        let shown = masked(&format!("{before}\n¦ {value} ¦\n{after}")).into_owned();
        let line = shown.split('\n').find(|line| line.starts_with('¦'));
        let line = line.unwrap();
        let word = line
            .trim_matches(['¦', ' '])
            .trim_start_matches("order no. ");
        let is_placeholder =
            word.contains('_') && word.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
        assert!(is_placeholder, "{value} in {shown:?}");
    }
}

fn assert_sound(prediction: &Prediction) {
    let is_share = |value: f32| (0.0..=1.0 + 1e-5).contains(&value);
    assert!(is_share(prediction.confidence), "{prediction:?}");
    assert!(is_share(prediction.margin), "{prediction:?}");
    assert!(!prediction.label.is_empty());
}

/// The files of a model, parted by the first zero byte: a manifest, and weights. Its checksums are made right, so that
/// what it says is read. It loads and answers, or is refused with the name of one of them.
pub(crate) fn bundle(input: &[u8]) -> bool {
    let zero = input.iter().position(|&byte| byte == 0);
    let (manifest, rest) = input.split_at(zero.unwrap_or(input.len()));
    let weights = rest.get(1..).unwrap_or_default();
    let manifest = match serde_json::from_slice::<Value>(manifest) {
        Ok(mut value) => {
            if let Some(checksum) = value.pointer_mut("/files/weights.safetensors") {
                *checksum = sha256_hex(weights).into();
            }
            serde_json::to_vec(&value).unwrap()
        }
        Err(_) => manifest.to_vec(),
    };
    let models = tempfile::tempdir().unwrap();
    let folder = models.path().join(&sha256_hex(&manifest)[..16]);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(MANIFEST), manifest).unwrap();
    fs::write(folder.join(WEIGHTS), weights).unwrap();
    assert_loads_or_is_refused(&folder)
}

/// A folder that loads and answers, or is refused with the name of one of its files. Whether it loads.
pub(crate) fn assert_loads_or_is_refused(folder: &Path) -> bool {
    match Bundle::load(folder) {
        Ok(bundle) => {
            let mut workspace = Workspace::default();
            let text = "the bill is wrong and late";
            let answer = bundle.classifier.classify(text, &mut workspace);
            answer.topic.iter().for_each(assert_sound);
            answer.urgency.iter().for_each(assert_sound);
            true
        }
        Err(error) => {
            let message = error.to_string();
            // An encoder lies beside the versions.
            let models = folder.parent().unwrap().display().to_string();
            assert!(message.contains(&models), "{message}");
            false
        }
    }
}

/// The two files of the small model as [`bundle()`] takes them.
pub(crate) fn small_files() -> Vec<u8> {
    let Small { models, bundle } = small();
    let folder = models.path().join(&bundle.version);
    let mut files = fs::read(folder.join(MANIFEST)).unwrap();
    files.push(0);
    files.extend(fs::read(folder.join(WEIGHTS)).unwrap());
    files
}

/// The text of a policy, and the same as that of a roster: read, or refused with the file's name. What is read is read
/// again as the same version.
pub(crate) fn policy(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    let policy = Policy::parse(text, "policy.yaml");
    let roster = Roster::parse(text, "roster.yaml");
    let is_read = policy.is_ok() || roster.is_ok();
    match policy {
        Ok(policy) => {
            let again = Policy::parse(text, "policy.yaml").unwrap();
            assert_eq!(policy.version(), again.version());
            assert!(policy.queues().count() > 0);
        }
        Err(errors) => assert!(errors.to_string().contains("policy.yaml"), "{errors}"),
    }
    if let Err(errors) = roster {
        assert!(errors.to_string().contains("roster.yaml"), "{errors}");
    }
    is_read
}

/// A file of labelled tickets after a line with the name of its format: read, or refused with the file's name.
pub(crate) fn dataset(input: &[u8]) -> bool {
    let line = input.iter().position(|&byte| byte == b'\n');
    let (name, rest) = input.split_at(line.unwrap_or(0));
    let format = std::str::from_utf8(name)
        .ok()
        .and_then(|name| name.parse::<Format>().ok());
    let format = format.unwrap_or(Format::Csv);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tickets");
    fs::write(&path, rest.get(1..).unwrap_or_default()).unwrap();
    let columns = Columns {
        optional: vec![("mood".to_owned(), "mood".to_owned())],
        ..Columns::default()
    };
    let file = path.display().to_string();
    match Dataset::read(&[path], Some(format), &columns) {
        Ok((dataset, _)) => {
            assert!(!dataset.examples.is_empty());
            for example in &dataset.examples {
                assert_eq!(example.labels.len(), dataset.heads.len());
                assert_eq!(example.text.trim(), example.text);
                assert!(
                    example
                        .labels
                        .iter()
                        .flatten()
                        .all(|label| !label.is_empty())
                );
            }
            assert_eq!(check(&dataset).rows, dataset.examples.len());
            true
        }
        Err(error) => {
            assert!(error.to_string().contains(&file), "{error}");
            false
        }
    }
}

/// A message after a line with the name of its type: as JSON, which goes to the wire and back without change; and as
/// bytes of the wire.
pub(crate) fn json(input: &[u8]) -> bool {
    let line = input.iter().position(|&byte| byte == b'\n');
    let (name, rest) = input.split_at(line.unwrap_or(0));
    let message = rest.get(1..).unwrap_or_default();
    let name = std::str::from_utf8(name).unwrap_or_default();
    let kind = kinds().get_message_by_name(&format!("triage.v1.{name}"));
    let kind = kind.unwrap_or_else(|| kinds().get_message_by_name("triage.v1.Ticket").unwrap());
    let read = to_wire(&kind, message, 1);
    let is_read = read.is_ok();
    match read {
        Ok(wire) => assert_there_and_back(&kind, wire),
        Err(status) => {
            assert_eq!(format!("{:?}", status.code()), "InvalidArgument");
            assert!(status.message().len() < 2_000, "{}", status.message());
        }
    }
    let Ok(written) = to_json(&kind, Bytes::copy_from_slice(message)) else {
        return is_read;
    };
    serde_json::from_slice::<Value>(&written).unwrap();
    true
}

fn kinds() -> &'static DescriptorPool {
    static KINDS: OnceLock<DescriptorPool> = OnceLock::new();
    KINDS.get_or_init(|| DescriptorPool::decode(triage::grpc::DESCRIPTORS).unwrap())
}

fn assert_there_and_back(kind: &MessageDescriptor, wire: Bytes) {
    let value = |wire: Bytes| -> (Vec<u8>, Value) {
        let written = to_json(kind, wire).unwrap();
        let value = serde_json::from_slice(&written).unwrap();
        (written, value)
    };
    let (written, first) = value(wire);
    let (_, second) = value(to_wire(kind, &written, 1).unwrap());
    assert_eq!(first, second);
}
