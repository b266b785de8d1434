//! Training: from labelled rows to a version in a registry, the same way for a command and for a call; and the jobs of
//! a running server. A job has threads of its own that get a core only while nobody else wants it, so that requests are
//! answered meanwhile. It ends in a version that is written whole or not at all; what is told of jobs is kept in memory
//! alone.

mod desk;
mod files;
mod held_out;
mod learn;
mod pause;
mod request;
mod rows;
mod run;
mod state;
mod teller;
mod threads;

pub use desk::{JobError, Jobs, Place};
pub use files::FileError;
pub use learn::{LearnError, Learned, learn};
pub use request::{
    BadFile, JobData, JobLimits, JobOptions, NamedFiles, SentRows, TooMuch, Vectors,
};
pub use rows::{LearnableRows, NotLearnable, Rare};
pub use state::{Activation, Candidate, Figures, HeadFigures, JobStage, JobState, Phase};
