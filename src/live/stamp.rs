//! Whether files have changed: what a look at them sees, without reading them.
//!
//! That is when they were written, their lengths and which files they are, so that an edit, a rename over them and a
//! link that is turned elsewhere are all seen, on any file system.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::model::Registry;
use crate::triage::Sources;

/// How often files that change while they are read are read anew.
const READS: usize = 5;

/// What one look at a file sees; `None` where there is no file.
pub type Stamp = Option<(u64, u64, u64, i64, i64)>;

/// The files that a running server follows: policy, roster, and the pointer to the active model unless the settings
/// pin a version.
#[must_use]
pub fn followed(sources: &Sources) -> Vec<PathBuf> {
    let pointer = sources.version.is_none();
    let pointer = pointer.then(|| Registry::new(&sources.models).active_file());
    let mut files = vec![sources.policy.clone()];
    files.extend(sources.roster.clone());
    files.extend(pointer);
    files
}

/// Looks at each file. What is no file, such as a pipe, is none: reading it again would wait for ever.
#[must_use]
pub fn look(files: &[PathBuf]) -> Vec<Stamp> {
    files
        .iter()
        .map(|path| {
            let seen = std::fs::metadata(path).ok().filter(|seen| seen.is_file())?;
            let written = (seen.mtime(), seen.mtime_nsec());
            Some((seen.dev(), seen.ino(), seen.len(), written.0, written.1))
        })
        .collect()
}

/// What `read` makes of files that do not change while it reads them, as far as can be.
pub(super) fn read_unchanging<T>(files: &[PathBuf], read: impl Fn() -> T) -> T {
    let mut before = look(files);
    let mut done = read();
    for _ in 1..READS {
        let after = look(files);
        if after == before {
            break;
        }
        before = after;
        done = read();
    }
    done
}
