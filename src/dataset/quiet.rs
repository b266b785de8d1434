//! Calls into a library that panics on damaged input: the panic is caught and, on that thread
//! alone, not printed. Its message is dropped, for it may quote the input.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// The call panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Panicked;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f`. What `f` was changing when it panicked may be left half changed: it must be dropped
/// then.
pub(super) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, Panicked> {
    // The hook is one for all threads, so it is put in once and asks which thread panics.
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if !QUIET.get() {
                previous(panicked);
            }
        }));
    });
    let before = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    QUIET.set(before);
    result.map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_and_a_value_passed_on() {
        assert_eq!(catch(|| 1), Ok(1));
        assert_eq!(catch(|| panic!("damaged")), Err::<(), _>(Panicked));
        assert_eq!(catch(|| 2), Ok(2));
    }

    #[test]
    fn only_the_calling_thread_is_quiet_and_only_during_the_call() {
        let elsewhere = catch(|| std::thread::spawn(|| QUIET.get()).join().unwrap());
        assert_eq!(elsewhere, Ok(false));
        assert_eq!(catch(|| QUIET.get()), Ok(true));
        assert_eq!(catch(|| panic!("damaged")), Err::<(), _>(Panicked));
        assert!(!QUIET.get());
    }
}
