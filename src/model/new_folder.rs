//! Folders that appear whole or not at all: written under a temporary name, synchronised, and renamed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::files::{check_writable, parent_of, sync_folder, write_new};

/// How the names of files and folders begin that are being written.
pub(super) const TEMPORARY: &str = ".tmp-";
/// Age at which such a folder was left behind by a program that was killed.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// A file or folder that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct WriteError {
    /// The file or folder.
    pub path: PathBuf,
    /// The cause.
    pub source: io::Error,
}

/// A folder in the making. Dropped before it is put in place, it leaves nothing behind.
#[derive(Debug)]
pub struct NewFolder {
    temporary: TempDir,
    parent: PathBuf,
}

impl NewFolder {
    /// Begins a folder that is to stand in `parent`, which is made if it is not there.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn begin(parent: &Path) -> Result<Self, WriteError> {
        fs::create_dir_all(parent).map_err(at(parent))?;
        Ok(Self {
            temporary: temporary_in(parent)?,
            parent: parent.to_owned(),
        })
    }

    /// Where it is until it is put in place.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Writes a new file, whose name may have folders in it, and waits until it is on disk.
    ///
    /// # Errors
    /// If it is there already or cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
        let path = self.path().join(name);
        let folder = path.parent().unwrap_or(self.path());
        fs::create_dir_all(folder).map_err(at(folder))?;
        write_new(&path, bytes).map_err(at(&path))?;
        sync_folder(folder).map_err(at(folder))
    }

    /// Puts the folder in place at `folder`, a name in the parent that is free or an empty folder's.
    ///
    /// # Errors
    /// If it cannot be put there; it is then gone.
    pub fn put(self, folder: &Path) -> Result<(), WriteError> {
        self.finish()?;
        fs::rename(self.path(), folder).map_err(at(folder))?;
        self.moved()
    }

    /// As [`put`](Self::put), but what is at `folder` already stays there if it `is_whole`, and is replaced
    /// if not.
    ///
    /// # Errors
    /// If it cannot be put there; it is then gone.
    pub fn put_or_replace(
        self,
        folder: &Path,
        is_whole: impl Fn() -> bool,
    ) -> Result<(), WriteError> {
        self.finish()?;
        if let Err(refused) = fs::rename(self.path(), folder) {
            if is_whole() {
                // Another program came first.
                return Ok(());
            }
            if !folder.exists() {
                return Err(at(folder)(refused));
            }
            let damaged = temporary_in(&self.parent)?;
            fs::rename(folder, damaged.path().join("damaged")).map_err(at(folder))?;
            fs::rename(self.path(), folder).map_err(at(folder))?;
        }
        self.moved()
    }

    /// Makes all of it readable by all, as a temporary folder is not, and waits until it is on disk.
    fn finish(&self) -> Result<(), WriteError> {
        let own = self.path();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let readable = fs::Permissions::from_mode(0o755);
            fs::set_permissions(own, readable).map_err(at(own))?;
        }
        sync_folder(own).map_err(at(own))
    }

    fn moved(self) -> Result<(), WriteError> {
        // Nothing is left to clean up.
        let _ = self.temporary.keep();
        sync_folder(&self.parent).map_err(at(&self.parent))
    }
}

/// Makes the folder `folder` with these files, by name: all of them or none.
///
/// # Errors
/// If the folder is there or cannot be made.
pub fn write_folder(folder: &Path, files: &[(&str, &[u8])]) -> Result<(), WriteError> {
    let new = NewFolder::begin(parent_of(folder))?;
    for (name, bytes) in files {
        new.write(name, bytes)?;
    }
    new.put(folder)
}

/// A folder for what is needed for a while, gone when it is dropped.
///
/// # Errors
/// If nothing can be written to `parent`.
pub fn temporary_in(parent: &Path) -> Result<TempDir, WriteError> {
    let builder = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempdir_in(parent);
    builder.map_err(at(parent))
}

/// Makes sure that folders can be written into `parent`, and clears away what programs that were killed
/// left there more than a day ago.
///
/// # Errors
/// If the folder cannot be made or written.
pub fn make_ready(parent: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(parent)
        .and_then(|()| check_writable(parent))
        .map_err(at(parent))?;
    for entry in fs::read_dir(parent).map_err(at(parent))?.flatten() {
        let left_behind = entry.file_name().to_string_lossy().starts_with(TEMPORARY)
            && entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > LEFT_BEHIND_AFTER));
        if left_behind {
            // Another program may be doing the same; what stays is ignored.
            let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |source| WriteError { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::encoder::tests::fixture::{names, put};

    fn begun(parent: &Path) -> NewFolder {
        let new = NewFolder::begin(parent).unwrap();
        new.write("a.txt", b"new").unwrap();
        new.write("deep/er/b.txt", b"new").unwrap();
        new
    }

    #[test]
    fn a_folder_appears_with_all_of_its_files() {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path().join("made");
        let folder = parent.join("folder");
        let new = begun(&parent);
        assert!(!folder.exists());
        new.put(&folder).unwrap();
        assert_eq!(names(&parent), ["folder"]);
        assert_eq!(names(&folder), ["a.txt", "deep"]);
        assert_eq!(fs::read(folder.join("deep/er/b.txt")).unwrap(), b"new");
    }

    #[test]
    fn one_that_is_given_up_leaves_nothing_behind() {
        let parent = tempfile::tempdir().unwrap();
        let new = begun(parent.path());
        let error = new.write("a.txt", b"again").unwrap_err();
        assert!(error.path.ends_with("a.txt"), "{error}");
        drop(new);
        assert!(names(parent.path()).is_empty());
    }

    #[test]
    fn what_is_there_is_never_written_over_by_chance() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("folder");
        put(&folder, "mine.txt", b"mine");
        assert!(begun(parent.path()).put(&folder).is_err());
        assert!(write_folder(&folder, &[("a.txt", b"new")]).is_err());
        assert_eq!(names(&folder), ["mine.txt"]);
        assert_eq!(names(parent.path()), ["folder"]);
    }

    #[test]
    fn what_is_whole_stays_and_what_is_not_is_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("folder");
        put(&folder, "old.txt", b"old");
        let new = begun(parent.path());
        new.put_or_replace(&folder, || true).unwrap();
        assert_eq!(names(&folder), ["old.txt"]);
        let new = begun(parent.path());
        new.put_or_replace(&folder, || false).unwrap();
        assert_eq!(names(&folder), ["a.txt", "deep"]);
        assert_eq!(names(parent.path()), ["folder"]);
    }

    #[test]
    fn a_folder_that_is_made_ready_keeps_what_is_being_written() {
        let parent = tempfile::tempdir().unwrap();
        let new = begun(parent.path());
        make_ready(parent.path()).unwrap();
        assert!(new.path().join("a.txt").is_file());
    }
}
