//! Files that a call names: only regular ones below one folder, which neither `..` nor a link leads out of.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Why a file cannot be learned from.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No file can be named.
    #[error("files cannot be named here: the settings name no training.data_folder")]
    NoFolder,
    /// The folder of the settings cannot be used.
    #[error("training.data_folder: {0}")]
    Folder(io::Error),
    /// The name leads out of the folder.
    #[error("leads out of training.data_folder: name a file below it by its path from there")]
    Outside,
    /// There is no such file, or it cannot be looked at.
    #[error("there is no such file below training.data_folder, or it cannot be read")]
    Unreadable,
    /// It is a folder, a device or a pipe.
    #[error("is no regular file")]
    NoFile,
}

/// A file that may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundFile {
    /// Where it is, without links.
    pub(super) path: PathBuf,
    /// Its length.
    pub(super) bytes: u64,
}

/// The file `name` below `folder`.
///
/// # Errors
/// If it is not there, is no regular file, or the name leads elsewhere. What is outside of the folder is not told apart
/// from what is not there.
pub(super) fn find_below(folder: Option<&Path>, name: &str) -> Result<FoundFile, FileError> {
    let folder = folder.ok_or(FileError::NoFolder)?;
    let name = Path::new(name);
    let stays = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.as_os_str().is_empty() || !name.components().all(stays) {
        return Err(FileError::Outside);
    }
    let folder = folder.canonicalize().map_err(FileError::Folder)?;
    let path = folder.join(name);
    let path = path.canonicalize().map_err(|_| FileError::Unreadable)?;
    if !path.starts_with(&folder) {
        return Err(FileError::Outside);
    }
    let seen = fs::metadata(&path).map_err(|_| FileError::Unreadable)?;
    if !seen.is_file() {
        return Err(FileError::NoFile);
    }
    Ok(FoundFile {
        path,
        bytes: seen.len(),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_are_found_below_the_folder_and_nowhere_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("data");
        fs::create_dir_all(folder.join("deep")).unwrap();
        fs::write(root.path().join("secret.csv"), "text\n").unwrap();
        fs::write(folder.join("deep/own.csv"), "text\n").unwrap();
        symlink("../secret.csv", folder.join("link.csv")).unwrap();
        symlink("..", folder.join("up")).unwrap();
        symlink("deep/own.csv", folder.join("inside.csv")).unwrap();
        let find = |name: &str| find_below(Some(&folder), name);
        let own = folder.canonicalize().unwrap().join("deep/own.csv");
        for name in ["deep/own.csv", "./deep/own.csv", "inside.csv"] {
            let found = find(name).unwrap();
            assert_eq!((found.path, found.bytes), (own.clone(), 5), "{name}");
        }
        let secret = root.path().join("secret.csv");
        for name in [
            "../secret.csv",
            "deep/../../secret.csv",
            "link.csv",
            "up/secret.csv",
            secret.to_str().unwrap(),
            "",
        ] {
            assert!(matches!(find(name), Err(FileError::Outside)), "{name}");
        }
        assert!(matches!(find("none.csv"), Err(FileError::Unreadable)));
        assert!(matches!(find("deep"), Err(FileError::NoFile)));
        assert!(matches!(find("a\0b"), Err(FileError::Unreadable)));
    }

    #[test]
    fn without_a_folder_there_are_no_files() {
        assert!(matches!(
            find_below(None, "own.csv"),
            Err(FileError::NoFolder)
        ));
    }
}
