//! The layers of a BERT encoder (Devlin et al. 2019): token ids to one vector a token.
//!
//! Texts of a batch are laid one below the other without padding: dense layers see all tokens at
//! once, attention sees each text alone. Each token's numbers depend on its own text only.

use pulp::Arch;

use super::attention::{Attend, AttentionBuffers};
use super::config::Config;
use super::dense::Dense;
use super::functions::{AddAndNormalise, Gelu};
use super::quantize::QuantizedRows;
use super::tensors::{TensorError, Tensors};

/// The weights of an encoder.
pub(super) struct Bert {
    /// `vocabulary × hidden`.
    words: Vec<f32>,
    /// `positions × hidden`, with the vector of the one segment added.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    hidden: usize,
    heads: usize,
    epsilon: f32,
    /// The processor's instruction set.
    pub(super) arch: Arch,
}

/// Weight and bias of a layer normalisation.
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

struct Layer {
    /// Query, key and value side by side.
    projection: Dense,
    attention_output: Dense,
    attention_norm: Norm,
    intermediate: Dense,
    output: Dense,
    output_norm: Norm,
}

/// Reusable buffers.
#[derive(Default)]
pub(super) struct Buffers {
    /// One vector a token; after [`Bert::forward`], the result.
    pub(super) hidden: Vec<f32>,
    quantized: QuantizedRows,
    projected: Vec<f32>,
    context: Vec<f32>,
    change: Vec<f32>,
    wide: Vec<f32>,
    attention: AttentionBuffers,
}

impl Bert {
    /// Takes the weights from a safetensors file of the shapes that `config` names.
    pub(super) fn read(bytes: &[u8], config: &Config) -> Result<Self, TensorError> {
        let tensors = Tensors::read(bytes)?;
        let hidden = config.hidden_size;
        let embedding = |name: &str, rows: usize| {
            tensors.numbers(
                &format!("embeddings.{name}_embeddings.weight"),
                &[rows, hidden],
            )
        };
        let segments = embedding("token_type", config.type_vocab_size)?;
        let mut positions = embedding("position", config.max_position_embeddings)?;
        for row in positions.chunks_exact_mut(hidden) {
            row.iter_mut().zip(&segments).for_each(|(to, x)| *to += x);
        }
        Ok(Self {
            words: embedding("word", config.vocab_size)?,
            positions,
            norm: Norm::read(&tensors, "embeddings.LayerNorm", hidden)?,
            layers: (0..config.num_hidden_layers)
                .map(|index| Layer::read(&tensors, &format!("encoder.layer.{index}"), config))
                .collect::<Result<_, _>>()?,
            hidden,
            heads: config.num_attention_heads,
            epsilon: config.layer_norm_eps,
            arch: Arch::new(),
        })
    }

    /// Length of the vectors.
    pub(super) fn hidden(&self) -> usize {
        self.hidden
    }

    /// Writes the last layer's vectors of all tokens into `buffers.hidden`, one text below the other:
    /// `tokens × hidden`. Texts have at least one token and no more than there are positions; ids are
    /// below the size of the vocabulary.
    pub(super) fn forward(&self, texts: &[&[u32]], buffers: &mut Buffers) {
        self.embed(texts, &mut buffers.hidden);
        for layer in &self.layers {
            self.layer(layer, texts, buffers);
        }
    }

    fn embed(&self, texts: &[&[u32]], vectors: &mut Vec<f32>) {
        vectors.clear();
        for text in texts {
            for (&id, position) in text.iter().zip(self.positions.chunks_exact(self.hidden)) {
                let start = id as usize * self.hidden;
                let word = &self.words[start..start + self.hidden];
                vectors.extend(
                    word.iter()
                        .zip(position)
                        .map(|(word, position)| word + position),
                );
            }
        }
        self.add_and_normalise(vectors, &[], &self.norm);
    }

    fn layer(&self, layer: &Layer, texts: &[&[u32]], buffers: &mut Buffers) {
        let Buffers {
            hidden,
            quantized,
            projected,
            context,
            change,
            wide,
            attention,
        } = buffers;
        let arch = self.arch;
        layer.projection.apply(arch, hidden, quantized, projected);
        context.resize(hidden.len(), 0.0);
        arch.dispatch(Attend {
            texts,
            projected,
            context,
            hidden: self.hidden,
            heads: self.heads,
            buffers: attention,
        });
        layer
            .attention_output
            .apply(arch, context, quantized, change);
        self.add_and_normalise(hidden, change, &layer.attention_norm);
        layer.intermediate.apply(arch, hidden, quantized, wide);
        arch.dispatch(Gelu(wide));
        layer.output.apply(arch, wide, quantized, change);
        self.add_and_normalise(hidden, change, &layer.output_norm);
    }

    fn add_and_normalise(&self, rows: &mut [f32], change: &[f32], norm: &Norm) {
        self.arch.dispatch(AddAndNormalise {
            rows,
            change,
            weight: &norm.weight,
            bias: &norm.bias,
            epsilon: self.epsilon,
        });
    }
}

impl Norm {
    fn read(tensors: &Tensors<'_>, name: &str, width: usize) -> Result<Self, TensorError> {
        Ok(Self {
            weight: tensors.numbers(&format!("{name}.weight"), &[width])?,
            bias: tensors.numbers(&format!("{name}.bias"), &[width])?,
        })
    }
}

impl Layer {
    fn read(tensors: &Tensors<'_>, layer: &str, config: &Config) -> Result<Self, TensorError> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        // Layers that read the same input become one, side by side.
        let dense = |names: &[&str], inputs: usize, outputs: usize| {
            let (mut weights, mut bias) = (Vec::new(), Vec::new());
            for name in names {
                let name = format!("{layer}.{name}");
                weights.extend(tensors.numbers(&format!("{name}.weight"), &[outputs, inputs])?);
                bias.extend(tensors.numbers(&format!("{name}.bias"), &[outputs])?);
            }
            Ok::<_, TensorError>(Dense::new(&weights, &bias, inputs))
        };
        let norm = |name: &str| Norm::read(tensors, &format!("{layer}.{name}.LayerNorm"), hidden);
        let projections = ["query", "key", "value"].map(|part| format!("attention.self.{part}"));
        Ok(Self {
            projection: dense(&projections.each_ref().map(String::as_str), hidden, hidden)?,
            attention_output: dense(&["attention.output.dense"], hidden, hidden)?,
            attention_norm: norm("attention.output")?,
            intermediate: dense(&["intermediate.dense"], hidden, wide)?,
            output: dense(&["output.dense"], wide, hidden)?,
            output_norm: norm("output")?,
        })
    }
}
