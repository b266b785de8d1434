//! What models have in common is in memory once: a table or an encoder of the same bytes is made when the first model
//! that needs it is loaded, and goes with the last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Things in use, by the checksums of the bytes that they were made from.
#[derive(Debug)]
pub(super) struct Shared<T> {
    in_use: Mutex<Vec<(String, Weak<T>)>>,
}

impl<T> Shared<T> {
    /// Nothing is in use yet.
    pub(super) const fn new() -> Self {
        Self {
            in_use: Mutex::new(Vec::new()),
        }
    }

    /// What is in use under `key`, if `look` finds nothing wrong with the files; what `read` reads from them, if nothing
    /// is.
    ///
    /// # Errors
    /// What `look` or `read` says.
    pub(super) fn load<E>(
        &self,
        key: String,
        look: impl FnOnce() -> Result<(), E>,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let there = find(&self.lock(), &key);
        if let Some(there) = there {
            look()?;
            return Ok(there);
        }
        // Others need not wait for it.
        let made = Arc::new(read()?);
        let mut in_use = self.lock();
        if let Some(there) = find(&in_use, &key) {
            return Ok(there);
        }
        in_use.retain(|(_, one)| one.strong_count() > 0);
        in_use.push((key, Arc::downgrade(&made)));
        Ok(made)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(String, Weak<T>)>> {
        // The list is whole at any time.
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find<T>(in_use: &[(String, Weak<T>)], key: &str) -> Option<Arc<T>> {
    let (_, one) = in_use.iter().find(|(own, _)| own == key)?;
    one.upgrade()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(shared: &Shared<u8>, key: &str, value: u8) -> Arc<u8> {
        let made: Result<_, ()> = shared.load(key.to_owned(), || Ok(()), || Ok(value));
        made.unwrap()
    }

    #[test]
    fn what_is_in_use_is_not_made_again() {
        let shared = Shared::new();
        let first = get(&shared, "a", 1);
        assert!(Arc::ptr_eq(&first, &get(&shared, "a", 2)));
        assert_eq!(*get(&shared, "b", 3), 3);
    }

    #[test]
    fn what_nobody_uses_any_more_is_made_again() {
        let shared = Shared::new();
        drop(get(&shared, "a", 1));
        let kept = get(&shared, "b", 2);
        assert_eq!((*get(&shared, "a", 3), *kept), (3, 2));
        assert!(shared.lock().len() <= 2);
    }

    #[test]
    fn what_cannot_be_made_is_tried_anew() {
        let shared = Shared::new();
        let made = shared.load("a".to_owned(), || Ok(()), || Err(()));
        assert!(made.is_err());
        assert_eq!(*get(&shared, "a", 1), 1);
    }

    #[test]
    fn what_is_in_use_serves_only_if_nothing_is_wrong_with_the_files() {
        let shared = Shared::new();
        let kept = get(&shared, "a", 1);
        assert!(shared.load("a".to_owned(), || Err(()), || Ok(2)).is_err());
        assert!(Arc::ptr_eq(&kept, &get(&shared, "a", 3)));
    }
}
