//! Named tensors of a safetensors file as 32-bit floats, of the expected shapes only.

use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors};

/// Why a tensor cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum TensorError {
    #[error("not a whole safetensors file ({0}): copy the model again")]
    Format(#[from] SafeTensorError),
    #[error("tensor '{name}' is missing: only BERT encoders are supported")]
    Missing { name: String },
    #[error("tensor '{name}' has shape {found:?}, but config.json asks for {expected:?}")]
    Shape {
        name: String,
        found: Vec<usize>,
        expected: Vec<usize>,
    },
    #[error("tensor '{name}' has numbers of type {found:?}: save the model with 32-bit floats")]
    Type { name: String, found: Dtype },
    #[error("tensor '{name}' holds a number that is not finite: the model is damaged")]
    NotFinite { name: String },
}

/// A file of tensors, whose names may stand behind `bert.`.
pub(super) struct Tensors<'a> {
    file: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    /// Reads the header of a safetensors file, which checks sizes and places of all tensors.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, TensorError> {
        Ok(Self {
            file: SafeTensors::deserialize(bytes)?,
        })
    }

    /// The numbers of a tensor of this shape, row by row. Takes no more memory than its bytes do.
    pub(super) fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, TensorError> {
        let tensor = self
            .file
            .tensor(name)
            .or_else(|_| self.file.tensor(&format!("bert.{name}")))
            .map_err(|_| TensorError::Missing {
                name: name.to_owned(),
            })?;
        if tensor.shape() != shape {
            return Err(TensorError::Shape {
                name: name.to_owned(),
                found: tensor.shape().to_vec(),
                expected: shape.to_vec(),
            });
        }
        if tensor.dtype() != Dtype::F32 {
            return Err(TensorError::Type {
                name: name.to_owned(),
                found: tensor.dtype(),
            });
        }
        let numbers: Vec<f32> = tensor
            .data()
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers)
        } else {
            Err(TensorError::NotFinite {
                name: name.to_owned(),
            })
        }
    }
}
