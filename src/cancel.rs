//! Calling off long work: between bounded pieces of it, the work asks whether it is still wanted.

/// Says whether work was called off; asked from any thread. Once it says so, it always does.
pub type CalledOff<'a> = &'a (dyn Fn() -> bool + Sync);

/// Work that nobody calls off.
pub const NEVER: CalledOff<'static> = &|| false;

/// The work was called off before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was called off")]
pub struct Cancelled;

/// Asks whether to go on.
///
/// # Errors
/// If the work was called off.
pub fn check(called_off: CalledOff<'_>) -> Result<(), Cancelled> {
    match called_off() {
        true => Err(Cancelled),
        false => Ok(()),
    }
}
