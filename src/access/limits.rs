//! How often each client may call, and how many of its calls may be under way at a time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::{Caller, CallerName, Credential};

/// How many clients may be remembered before those who have been silent are looked for.
const FEW_CLIENTS: usize = 1_024;

/// Limits for each client; without a number there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitConfig {
    /// Calls a second.
    pub per_second: Option<NonZeroU32>,
    /// Calls at once after a silence; as many as a second has, where it is not given.
    pub burst: Option<NonZeroU32>,
    /// Calls under way at a time.
    pub concurrent: Option<NonZeroUsize>,
}

/// Whose calls are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Client {
    /// One who proved who it is.
    Known(Credential, CallerName),
    /// One of whom only the address is known.
    At(IpAddr),
    /// All others.
    Unknown,
}

impl Client {
    /// The client with this address.
    pub(super) fn at(network: Option<IpAddr>) -> Self {
        network.map_or(Self::Unknown, Self::At)
    }
}

impl From<&Caller> for Client {
    fn from(caller: &Caller) -> Self {
        Self::Known(caller.credential, caller.name.clone())
    }
}

#[derive(Debug, Default)]
pub(super) struct Limits {
    rate: Option<Rate>,
    concurrency: Option<Arc<Concurrency>>,
}

impl Limits {
    pub(super) fn new(config: LimitConfig) -> Self {
        let rate = config.per_second.map(|per_second| {
            let quota = Quota::per_second(per_second);
            let burst = config.burst.unwrap_or(per_second);
            Rate::new(quota.allow_burst(burst))
        });
        let concurrency = config.concurrent.map(|most| {
            Arc::new(Concurrency {
                most,
                calls: Mutex::default(),
            })
        });
        Self { rate, concurrency }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// How long the client should wait, where it calls too often.
    pub(super) fn count(&self, client: &Client) -> Result<(), Duration> {
        match &self.rate {
            Some(rate) => rate.count(client),
            None => Ok(()),
        }
    }

    /// Lets a call begin; it counts until what is returned is dropped. `None` where calls are not counted.
    ///
    /// # Errors
    /// If as many calls of the client as it may have are under way.
    pub(super) fn begin(&self, client: Client) -> Result<Option<UnderWay>, TooMany> {
        let concurrency = self.concurrency.as_ref();
        concurrency.map(|calls| calls.begin(client)).transpose()
    }
}

/// As many calls of a client as it may have are under way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

#[derive(Debug)]
struct Rate {
    limiter: DefaultKeyedRateLimiter<Client>,
    clock: DefaultClock,
    /// How many calls were counted.
    counted: AtomicUsize,
    /// How many clients may be remembered until the silent ones are looked for again.
    few: AtomicUsize,
}

impl Rate {
    fn new(quota: Quota) -> Self {
        Self {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            counted: AtomicUsize::new(0),
            few: AtomicUsize::new(FEW_CLIENTS),
        }
    }

    fn count(&self, client: &Client) -> Result<(), Duration> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % FEW_CLIENTS == FEW_CLIENTS - 1 {
            self.forget_silent();
        }
        let counted = self.limiter.check_key(client);
        counted.map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// Forgets clients that have been silent for so long that they count as new, once there are twice as many as
    /// were left the last time.
    fn forget_silent(&self) {
        if self.limiter.len() > self.few.load(Ordering::Relaxed) {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            let few = FEW_CLIENTS.max(self.limiter.len() * 2);
            self.few.store(few, Ordering::Relaxed);
        }
    }
}

/// Calls under way, by client; clients without any are not in it.
#[derive(Debug)]
struct Concurrency {
    most: NonZeroUsize,
    calls: Mutex<HashMap<Client, usize>>,
}

impl Concurrency {
    fn lock(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(self: &Arc<Self>, client: Client) -> Result<UnderWay, TooMany> {
        let mut calls = self.lock();
        let count = calls.entry(client.clone()).or_default();
        if *count >= self.most.get() {
            return Err(TooMany);
        }
        *count += 1;
        drop(calls);
        Ok(UnderWay {
            concurrency: Arc::clone(self),
            client,
        })
    }
}

/// A call under way.
#[derive(Debug)]
pub(super) struct UnderWay {
    concurrency: Arc<Concurrency>,
    client: Client,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut calls = self.concurrency.lock();
        if let Some(count) = calls.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                calls.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(number: u32) -> Client {
        Client::At(IpAddr::V4(number.into()))
    }

    #[test]
    fn a_client_has_its_burst_and_others_have_theirs() {
        let limits = Limits::new(LimitConfig {
            per_second: NonZeroU32::new(1),
            burst: NonZeroU32::new(3),
            concurrent: None,
        });
        for client in [at(1), Client::Unknown] {
            for _ in 0..3 {
                limits.count(&client).unwrap();
            }
            let wait = limits.count(&client).unwrap_err();
            assert!(wait <= Duration::from_secs(1), "{wait:?}");
        }
        assert!(Limits::default().count(&at(1)).is_ok());
        assert!(Limits::default().begin(at(1)).unwrap().is_none());
    }

    #[test]
    fn clients_that_have_been_silent_take_no_memory() {
        // A call each nanosecond: whoever called is silent for long already.
        let quota = Quota::with_period(Duration::from_nanos(1)).unwrap();
        let rate = Rate::new(quota);
        for number in 0..20 * FEW_CLIENTS as u32 {
            rate.count(&at(number)).unwrap();
            assert!(rate.limiter.len() <= 2 * FEW_CLIENTS, "{number}");
        }
    }

    proptest! {
        #[test]
        fn calls_under_way_never_exceed_the_limit_and_none_stay_behind(
            steps in proptest::collection::vec((0u32..3, any::<bool>(), any::<prop::sample::Index>()), 0..100),
            most in 1usize..4,
        ) {
            let limits = Limits::new(LimitConfig {
                concurrent: NonZeroUsize::new(most),
                ..LimitConfig::default()
            });
            let mut under_way: Vec<(u32, UnderWay)> = Vec::new();
            for (number, begins, which) in steps {
                let count = under_way.iter().filter(|(of, _)| *of == number).count();
                if begins {
                    match limits.begin(at(number)) {
                        Ok(call) => under_way.push((number, call.unwrap())),
                        Err(TooMany) => prop_assert_eq!(count, most),
                    }
                } else if !under_way.is_empty() {
                    under_way.swap_remove(which.index(under_way.len()));
                }
                prop_assert!(under_way.iter().filter(|(of, _)| *of == number).count() <= most);
            }
            under_way.clear();
            prop_assert!(limits.concurrency.unwrap().lock().is_empty());
        }
    }
}
