//! A tiny random encoder against a plain reference, and what is refused.

mod damage;
pub(crate) mod fixture;
mod forward;
mod reference;
