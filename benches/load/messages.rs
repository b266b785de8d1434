//! What is sent: the texts of a file as messages of whoever is called.

use prost::Message;
use prost::bytes::Bytes;
use triage::dataset::{Columns, Dataset};
use triage::grpc::v1;

use super::{Method, Mode, Options, Target};

/// fasttext-serving's request, which is the same bytes whether it is sent alone or on a stream of one.
#[derive(Clone, PartialEq, Message)]
struct PredictRequest {
    #[prost(string, required, tag = "1")]
    text: String,
    #[prost(uint32, optional, tag = "2")]
    k: Option<u32>,
}

/// Messages, encoded.
pub(crate) struct Messages {
    single: Vec<Bytes>,
    batches: Vec<Bytes>,
}

impl Messages {
    pub(crate) fn read(options: &Options) -> Self {
        let (dataset, _) = Dataset::read(
            std::slice::from_ref(&options.data),
            None,
            &Columns::default(),
        )
        .expect("a file of texts");
        let texts: Vec<String> = dataset.texts().into_iter().map(str::to_owned).collect();
        let requests: Vec<v1::RouteRequest> = texts
            .iter()
            .enumerate()
            .map(|(number, text)| v1::RouteRequest {
                ticket: Some(v1::Ticket {
                    id: format!("T-{number}"),
                    body: text.clone(),
                    ..v1::Ticket::default()
                }),
                ..v1::RouteRequest::default()
            })
            .collect();
        // The first field of both requests is the ticket, and there is no other.
        let single = match options.target {
            Target::Triage | Target::Echo => requests.iter().map(encoded).collect(),
            Target::Fasttext => texts.iter().map(|text| encoded(&predict(text))).collect(),
        };
        let batches = (0..requests.len())
            .step_by(options.batch.max(1))
            .map(|first| v1::BatchRouteRequest {
                requests: (first..first + options.batch)
                    .map(|number| requests[number % requests.len()].clone())
                    .collect(),
                roster: None,
            })
            .map(|batch| encoded(&batch))
            .collect();
        Self { single, batches }
    }

    /// The messages of a mode, sent in turn.
    pub(crate) fn of(&self, mode: Mode) -> &[Bytes] {
        match mode {
            Mode::Unary | Mode::Stream | Mode::Paced => &self.single,
            Mode::Batch => &self.batches,
        }
    }

    /// The method of a mode.
    pub(crate) fn path(&self, options: &Options, mode: Mode) -> &'static str {
        match (options.target, mode, options.method) {
            (Target::Fasttext, ..) => "/fasttext_serving.FasttextServing/predict",
            (_, Mode::Batch, _) => "/triage.v1.TriageService/BatchRoute",
            (_, Mode::Stream, _) => "/triage.v1.TriageService/StreamRoute",
            (_, Mode::Unary | Mode::Paced, Method::Route) => "/triage.v1.TriageService/Route",
            (_, Mode::Unary | Mode::Paced, Method::Classify) => "/triage.v1.TriageService/Classify",
        }
    }

    /// Tickets of one message.
    pub(crate) fn tickets_a_call(&self, options: &Options, mode: Mode) -> usize {
        match mode {
            Mode::Batch => options.batch,
            Mode::Unary | Mode::Stream | Mode::Paced => 1,
        }
    }
}

fn predict(text: &str) -> PredictRequest {
    PredictRequest {
        // A line break ends a text of fastText.
        text: text.replace(['\n', '\r'], " "),
        k: Some(3),
    }
}

fn encoded(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}
