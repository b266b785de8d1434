//! Trained models on disk: the bundle that one fit writes, the registry that holds them, and what
//! makes one of them the active one.

pub mod activations;
pub mod bundle;
pub mod encoders;
pub mod files;
pub mod gate;
pub mod json_lines;
#[cfg(test)]
mod kernel_tests;
pub mod manifest;
pub mod new_bundle;
pub mod new_folder;
pub mod pointer;
pub mod registry;
mod sentence;
mod shared;
mod tensors;

pub use activations::{Action, Activation, Activations, By};
pub use bundle::{Bundle, BundleError};
pub use encoders::EncodersError;
pub use gate::{Basis, Refusal, Verdict};
pub use manifest::{DataSource, HeadSummary, Manifest};
pub use new_bundle::NewBundle;
pub use new_folder::{NewFolder, WriteError, make_ready};
pub use pointer::{Judged, Pointer};
pub use registry::{Registry, RegistryError};
