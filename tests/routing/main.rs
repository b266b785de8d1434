//! Routing by the public interface: the sample policy and roster send every topic somewhere sensible, waiting
//! relaxes what is asked for, nobody who cannot take a ticket is ever chosen, and a wrong file says where.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod bounds;
mod case;
mod conditions;
mod costs;
mod decisions;
mod desk;
mod doubts;
mod files;
mod language;
mod mistakes;
mod properties;
mod schema;
mod turning;
