//! Backlogs by the public interface: given out in order as one decision after the other would, as many as there can be,
//! and none for ever in vain.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod desk;
mod order;
mod properties;
mod reference;
mod rooms;
