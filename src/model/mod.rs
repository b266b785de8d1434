//! Trained models on disk: the bundle that one fit writes, and the registry that holds them.

pub mod bundle;
pub mod files;
pub mod manifest;
pub mod registry;
mod tensors;

pub use bundle::{Bundle, BundleError, make_ready};
pub use manifest::{DataSource, HeadSummary, Manifest};
pub use registry::{Registry, RegistryError};
