//! The numbers of a classifier as a safetensors file: vocabulary, weights and constants.

use ndarray::Array2;
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};

use super::manifest::Manifest;
use crate::classifier::{Classifier, ClassifierError, Head, KernelExpert, SentenceExpert};
use crate::features::quantized::QuantizedError;
use crate::features::vocabulary::VocabularyError;
use crate::features::{QuantizedMatrix, SentenceEncoder, Vectorizer, Vocabulary};

const SENTENCE: &str = "sentence.weights";
const KERNEL_COEFFICIENTS: &str = "kernel.coefficients";
const KERNEL_SCALES: &str = "kernel.supports.scales";
const KERNEL_VALUES: &str = "kernel.supports.values";

/// Why tensors do not make a classifier.
#[derive(Debug, thiserror::Error)]
pub(super) enum ContentError {
    #[error("not a safetensors file ({0})")]
    Format(#[from] SafeTensorError),
    #[error("tensor '{name}' is not {expected}")]
    Tensor {
        name: &'static str,
        expected: &'static str,
    },
    #[error(
        "tensor '{SENTENCE}' is there, but the manifest names nothing that gives sentence vectors"
    )]
    Sentence,
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    #[error(transparent)]
    Weights(#[from] QuantizedError),
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
}

/// Lays out a classifier's numbers.
///
/// # Errors
/// If the format refuses them.
pub(super) fn serialize_tensors(classifier: &Classifier) -> Result<Vec<u8>, SafeTensorError> {
    let vocabulary = classifier.vectorizer().vocabulary();
    let weights = classifier.weights();
    let hashes: Vec<u8> = vocabulary
        .hashes()
        .iter()
        .flat_map(|h| h.to_le_bytes())
        .collect();
    let idf = f32_bytes(vocabulary.idf());
    let scales = f32_bytes(weights.scales());
    let values = i8_bytes(weights.values());
    let bias: Vec<f32> = classifier
        .heads()
        .iter()
        .flat_map(|head| head.bias.clone())
        .collect();
    let bias = f32_bytes(&bias);
    let (features, labels) = (weights.rows(), weights.columns());
    let sentence = classifier.sentence().map(|expert| {
        let values: Vec<f32> = expert.weights.iter().copied().collect();
        (expert.weights.nrows(), f32_bytes(&values))
    });
    let tensor = |dtype, shape: Vec<usize>, bytes| TensorView::new(dtype, shape, bytes);
    let mut tensors = vec![
        ("bias", tensor(Dtype::F32, vec![labels], &bias)?),
        (
            "vocabulary.hashes",
            tensor(Dtype::U64, vec![features], &hashes)?,
        ),
        ("vocabulary.idf", tensor(Dtype::F32, vec![features], &idf)?),
        (
            "weights.scales",
            tensor(Dtype::F32, vec![features], &scales)?,
        ),
        (
            "weights.values",
            tensor(Dtype::I8, vec![features, labels], &values)?,
        ),
    ];
    if let Some((dimensions, bytes)) = &sentence {
        let view = tensor(Dtype::F32, vec![*dimensions, labels], bytes)?;
        tensors.push((SENTENCE, view));
    }
    let kernel = classifier.sentence().and_then(|own| own.kernel.as_ref());
    let kernel = kernel.map(|kernel| {
        let supports = &kernel.supports;
        let values = i8_bytes(supports.values());
        let coefficients: Vec<f32> = kernel.coefficients.iter().copied().collect();
        let shape = [supports.rows(), supports.columns()];
        (
            shape,
            f32_bytes(supports.scales()),
            values,
            f32_bytes(&coefficients),
        )
    });
    if let Some(([rows, dimensions], scales, values, coefficients)) = &kernel {
        let view = tensor(Dtype::F32, vec![*rows, labels], coefficients)?;
        tensors.push((KERNEL_COEFFICIENTS, view));
        tensors.push((KERNEL_SCALES, tensor(Dtype::F32, vec![*rows], scales)?));
        let view = tensor(Dtype::I8, vec![*rows, *dimensions], values)?;
        tensors.push((KERNEL_VALUES, view));
    }
    safetensors::serialize(tensors, None)
}

/// The kernel expert, if there is one.
fn read_kernel(
    tensors: &SafeTensors<'_>,
    (dimensions, labels): (usize, usize),
    sharpness: f32,
) -> Result<Option<KernelExpert>, ContentError> {
    let Ok(found) = tensors.tensor(KERNEL_SCALES) else {
        return Ok(None);
    };
    let rows = found.shape().first().copied().unwrap_or_default();
    let scales = f32s(tensors, KERNEL_SCALES, &[rows])?;
    let shape = &[rows, dimensions];
    let values = numbers(
        tensors,
        KERNEL_VALUES,
        (Dtype::I8, shape),
        i8::from_le_bytes,
    )?;
    let coefficients = f32s(tensors, KERNEL_COEFFICIENTS, &[rows, labels])?;
    Ok(Some(KernelExpert {
        supports: QuantizedMatrix::from_parts(scales, values, dimensions)?,
        // The tensor's shape was checked.
        coefficients: Array2::from_shape_vec((rows, labels), coefficients).unwrap_or_default(),
        sharpness,
    }))
}

fn i8_bytes(values: &[i8]) -> Vec<u8> {
    values.iter().map(|v| v.to_le_bytes()[0]).collect()
}

/// Reads a classifier and checks that its parts fit together and are finite.
///
/// # Errors
/// If they do not.
pub(super) fn read_classifier(
    manifest: &Manifest,
    bytes: &[u8],
    encoder: Option<SentenceEncoder>,
) -> Result<Classifier, ContentError> {
    let tensors = SafeTensors::deserialize(bytes)?;
    let labels = manifest.heads.iter().map(|head| head.labels.len()).sum();
    let features = manifest.features;
    let vector = |name, length| f32s(&tensors, name, &[length]);
    let hashes = numbers(
        &tensors,
        "vocabulary.hashes",
        (Dtype::U64, &[features]),
        u64::from_le_bytes,
    )?;
    let idf = vector("vocabulary.idf", features)?;
    let scales = vector("weights.scales", features)?;
    let values = numbers(
        &tensors,
        "weights.values",
        (Dtype::I8, &[features, labels]),
        i8::from_le_bytes,
    )?;
    let mut bias = vector("bias", labels)?.into_iter();
    let heads = manifest
        .heads
        .iter()
        .map(|head| Head {
            kind: head.kind.clone(),
            labels: head.labels.clone(),
            bias: bias.by_ref().take(head.labels.len()).collect(),
            thresholds: head.thresholds.clone(),
            decision: head.decision.clone(),
            areas: head.areas.clone(),
            in_scope_from: head.in_scope_from,
        })
        .collect();
    let vocabulary = Vocabulary::new(hashes, idf, manifest.word_features)?;
    let weights = QuantizedMatrix::from_parts(scales, values, labels)?;
    let sentence = match encoder {
        Some(encoder) => {
            let shape = (encoder.dimensions(), labels);
            let values = f32s(&tensors, SENTENCE, &[shape.0, shape.1])?;
            // The tensor's shape was checked.
            let weights = Array2::from_shape_vec(shape, values).unwrap_or_default();
            let sharpness = manifest.params.kernel.sharpness;
            Some(SentenceExpert {
                kernel: read_kernel(&tensors, (encoder.dimensions(), labels), sharpness)?,
                encoder,
                weights,
            })
        }
        None if tensors.tensor(SENTENCE).is_ok() => return Err(ContentError::Sentence),
        None => None,
    };
    Ok(Classifier::new(
        Vectorizer::from_vocabulary(vocabulary),
        weights,
        sentence,
        heads,
    )?)
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn f32s(
    tensors: &SafeTensors<'_>,
    name: &'static str,
    shape: &[usize],
) -> Result<Vec<f32>, ContentError> {
    numbers(tensors, name, (Dtype::F32, shape), f32::from_le_bytes)
}

fn numbers<T, const BYTES: usize>(
    tensors: &SafeTensors<'_>,
    name: &'static str,
    (dtype, shape): (Dtype, &[usize]),
    from_le_bytes: impl Fn([u8; BYTES]) -> T,
) -> Result<Vec<T>, ContentError> {
    let tensor = tensors.tensor(name)?;
    if tensor.dtype() != dtype {
        return Err(ContentError::Tensor {
            name,
            expected: "of the expected type",
        });
    }
    if tensor.shape() != shape {
        return Err(ContentError::Tensor {
            name,
            expected: "of the size that the manifest gives",
        });
    }
    let (chunks, rest) = tensor.data().as_chunks::<BYTES>();
    if !rest.is_empty() {
        return Err(ContentError::Tensor {
            name,
            expected: "made of whole numbers of bytes",
        });
    }
    Ok(chunks.iter().map(|chunk| from_le_bytes(*chunk)).collect())
}
