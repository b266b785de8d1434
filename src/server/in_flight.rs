//! How many requests may be in flight. One more is refused at once: waiting in a queue would make it late, and those
//! behind it later.
//!
//! A request is in flight from its head until its answer's head is there, but not while its body has not come: else
//! whoever sends slowly would take the places of those who do not. Health is always told: an instance that is only
//! busy would be taken for a dead one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::arrival::Arrival;
use crate::metrics::{Metrics, Shed};

/// The calls that are always answered.
const ALWAYS: &str = "/grpc.health.v1.Health/";

/// Refuses requests beyond a number in flight.
#[derive(Debug, Clone)]
pub(super) struct InFlightLayer {
    places: Places,
    metrics: Metrics,
}

impl InFlightLayer {
    /// At most `most` requests in flight.
    pub(super) fn new(most: usize, metrics: Metrics) -> Self {
        let places = Places {
            taken: Arc::default(),
            most,
        };
        Self { places, metrics }
    }
}

impl<S> Layer<S> for InFlightLayer {
    type Service = InFlight<S>;

    fn layer(&self, inner: S) -> InFlight<S> {
        InFlight {
            inner,
            layer: self.clone(),
        }
    }
}

#[derive(Debug, Clone)]
struct Places {
    taken: Arc<AtomicUsize>,
    most: usize,
}

impl Places {
    /// A place, if there is one.
    fn free(&self) -> Option<Place> {
        let place = self.any();
        (place.before < self.most).then_some(place)
    }

    /// A place, whether there is one or not: for a request that has been let in already.
    fn any(&self) -> Place {
        Place {
            before: self.taken.fetch_add(1, Ordering::Relaxed),
            taken: Arc::clone(&self.taken),
        }
    }
}

/// One of the places, given back when it is dropped.
#[derive(Debug)]
struct Place {
    /// How many were taken before it.
    before: usize,
    taken: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The service that [`InFlightLayer`] makes.
#[derive(Debug, Clone)]
pub(super) struct InFlight<S> {
    inner: S,
    layer: InFlightLayer,
}

impl<S, B> Service<Request<B>> for InFlight<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = InFlightFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let places = &self.layer.places;
        let place = if request.uri().path().starts_with(ALWAYS) {
            None
        } else {
            let Some(place) = places.free() else {
                self.layer.metrics.shed(Shed::Overload);
                return InFlightFuture::Refused { most: places.most };
            };
            Some(place)
        };
        // A request from within this process was read whole before.
        let arrival = request.extensions().get::<Arrival>().cloned();
        InFlightFuture::Admitted {
            waiting: place.as_ref().and(arrival).map(|arrival| Waiting {
                arrival,
                places: places.clone(),
            }),
            place,
            inner: self.inner.call(request),
        }
    }
}

/// A request whose body may not have come yet.
struct Waiting {
    arrival: Arrival,
    places: Places,
}

pin_project! {
    /// The future of [`InFlight`].
    #[project = Projected]
    pub(super) enum InFlightFuture<F> {
        Refused { most: usize },
        Admitted {
            #[pin]
            inner: F,
            place: Option<Place>,
            waiting: Option<Waiting>,
        },
    }
}

impl<F, E> Future for InFlightFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Projected::Refused { most } => Poll::Ready(Ok(overload(*most).into_http())),
            Projected::Admitted {
                inner,
                place,
                waiting,
            } => {
                let answer = inner.poll(context);
                if answer.is_ready() {
                    *place = None;
                } else if let Some(Waiting { arrival, places }) = waiting {
                    if arrival.is_complete() {
                        place.get_or_insert_with(|| places.any());
                        *waiting = None;
                    } else {
                        *place = None;
                    }
                }
                answer
            }
        }
    }
}

fn overload(most: usize) -> Status {
    Status::resource_exhausted(format!(
        "the server is at its limit of {most} requests in flight (server.max_in_flight): try again shortly"
    ))
}
