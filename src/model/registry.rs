//! A registry: a folder of bundles and the pointer to the active one.
//!
//! The file `active` holds the active version on its first line and the versions that were active
//! before it below, latest first. It changes by atomic rename only.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::activations::{self, Activations};
use super::bundle::{Bundle, BundleError, read_manifest};
use super::files::replace;
use super::manifest::Manifest;

const ACTIVE: &str = "active";

/// A folder of bundles.
#[derive(Debug, Clone)]
pub struct Registry {
    folder: PathBuf,
}

/// One version in a registry.
#[derive(Debug)]
pub struct Listed {
    /// The version.
    pub version: String,
    /// Whether it is the active one.
    pub active: bool,
    /// Its manifest, or why it cannot be read.
    pub manifest: Result<Manifest, BundleError>,
}

/// Why a registry cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The folder or its pointer cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// No version is active.
    #[error("{}: no active model: train one with 'triage-train fit --activate' or name one with 'triage-train models activate'", folder.display())]
    NoActive {
        /// The registry.
        folder: PathBuf,
    },
    /// There is no such version.
    #[error("{}: no model version '{version}': it has {}", folder.display(), if known.is_empty() { "none".to_owned() } else { known.join(", ") })]
    Unknown {
        /// The registry.
        folder: PathBuf,
        /// The version asked for.
        version: String,
        /// The versions that there are.
        known: Vec<String>,
    },
    /// There is no earlier version to go back to.
    #[error("{}: no earlier version to roll back to", folder.display())]
    NoEarlier {
        /// The registry.
        folder: PathBuf,
    },
    /// The bundle is unusable.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl Registry {
    /// The registry in `folder`, which need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All versions, in alphabetical order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, RegistryError> {
        let active = self.history()?.into_iter().next();
        Ok(self
            .versions()?
            .into_iter()
            .map(|version| Listed {
                active: active.as_deref() == Some(&version),
                manifest: read_manifest(&self.folder.join(&version)).map(|(manifest, _)| manifest),
                version,
            })
            .collect())
    }

    /// The active version.
    ///
    /// # Errors
    /// If there is none or the pointer cannot be read.
    pub fn active(&self) -> Result<String, RegistryError> {
        self.history()?
            .into_iter()
            .next()
            .ok_or_else(|| RegistryError::NoActive {
                folder: self.folder.clone(),
            })
    }

    /// The file that names the active version.
    #[must_use]
    pub fn active_file(&self) -> PathBuf {
        self.folder.join(ACTIVE)
    }

    /// The manifest of a version, read and checked by itself.
    ///
    /// # Errors
    /// If there is no such version, or its manifest cannot be read or was altered.
    pub fn manifest(&self, version: &str) -> Result<Manifest, RegistryError> {
        Ok(read_manifest(&self.find(version)?)?.0)
    }

    /// Loads `version`, or the active one.
    ///
    /// # Errors
    /// If there is none, or it is unusable.
    pub fn load(&self, version: Option<&str>) -> Result<Bundle, RegistryError> {
        let version = match version {
            Some(version) => version.to_owned(),
            None => self.active()?,
        };
        Ok(Bundle::load(&self.find(&version)?)?)
    }

    /// What became the active version, and when.
    ///
    /// # Errors
    /// If the log is there but cannot be read.
    pub fn activations(&self) -> Result<Activations, RegistryError> {
        activations::read(&self.folder)
            .map_err(|source| self.at(activations::path(&self.folder), source))
    }

    /// Waits until no other program changes the pointer; others wait until the folder's handle
    /// is dropped.
    pub(super) fn lock(&self) -> Result<Option<fs::File>, RegistryError> {
        let locked = fs::File::open(&self.folder).and_then(|folder| folder.lock().map(|()| folder));
        match locked {
            Ok(folder) => Ok(Some(folder)),
            // A registry that is not there has no pointer to change.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.at(self.folder.clone(), source)),
        }
    }

    pub(super) fn find(&self, version: &str) -> Result<PathBuf, RegistryError> {
        let known = self.versions()?;
        if known.iter().any(|name| name == version) {
            return Ok(self.folder.join(version));
        }
        Err(RegistryError::Unknown {
            folder: self.folder.clone(),
            version: version.to_owned(),
            known,
        })
    }

    /// All versions by name alone, in alphabetical order: the sub-folders that hold a manifest.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn versions(&self) -> Result<Vec<String>, RegistryError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.at(self.folder.clone(), source)),
        };
        let mut versions = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| self.at(self.folder.clone(), source))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && entry.path().join("manifest.json").is_file() {
                versions.push(name);
            }
        }
        versions.sort();
        Ok(versions)
    }

    pub(super) fn history(&self) -> Result<Vec<String>, RegistryError> {
        let path = self.active_file();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(self.at(path, source)),
        }
    }

    pub(super) fn point(&self, history: &[String]) -> Result<(), RegistryError> {
        let path = self.active_file();
        let mut text = history.join("\n");
        text.push('\n');
        replace(&path, text.as_bytes()).map_err(|source| self.at(path, source))
    }

    #[allow(clippy::unused_self)] // reads as "an error of this registry"
    fn at(&self, path: PathBuf, source: io::Error) -> RegistryError {
        RegistryError::Io { path, source }
    }
}
