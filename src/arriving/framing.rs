//! Where the messages of a body end, so that it can be told how much of it is unfinished.

/// How messages follow each other in a body.
#[derive(Debug)]
pub struct Framing(Kind);

#[derive(Debug)]
enum Kind {
    /// It cannot be told.
    Unknown,
    /// The body is one message.
    Whole { held: usize },
    /// A message a line.
    Lines { held: usize },
    /// Each message behind its length.
    Grpc(Grpc),
}

/// How far the message that has begun has come.
#[derive(Debug, Default)]
struct Grpc {
    /// How much of its head was read.
    head: usize,
    /// The number in the head, as far as it was read.
    length: usize,
    /// How much of it is still to come, once the head was read.
    rest: usize,
    held: usize,
}

/// What stands before each message of gRPC: whether it is compressed, and its length.
const HEAD: usize = 5;

impl Framing {
    /// Nothing is unfinished: what is in the body is counted elsewhere.
    #[must_use]
    pub const fn unknown() -> Self {
        Self(Kind::Unknown)
    }

    /// The body is one message.
    #[must_use]
    pub const fn whole() -> Self {
        Self(Kind::Whole { held: 0 })
    }

    /// A message a line.
    #[must_use]
    pub const fn lines() -> Self {
        Self(Kind::Lines { held: 0 })
    }

    /// Messages as gRPC sends them.
    #[must_use]
    pub fn grpc() -> Self {
        Self(Kind::Grpc(Grpc::default()))
    }

    /// How much there is of the message that is unfinished, in bytes.
    pub(super) fn held(&self) -> usize {
        match &self.0 {
            Kind::Unknown => 0,
            Kind::Whole { held } | Kind::Lines { held } => *held,
            Kind::Grpc(grpc) => grpc.held,
        }
    }

    /// Takes note of what comes next.
    pub(super) fn read(&mut self, data: &[u8]) {
        match &mut self.0 {
            Kind::Unknown => {}
            Kind::Whole { held } => *held += data.len(),
            Kind::Lines { held } => match data.iter().rposition(|byte| *byte == b'\n') {
                Some(end) => *held = data.len() - end - 1,
                None => *held += data.len(),
            },
            Kind::Grpc(grpc) => grpc.read(data),
        }
    }
}

impl Grpc {
    fn read(&mut self, mut data: &[u8]) {
        while let Some((first, rest)) = data.split_first() {
            if self.head < HEAD {
                // The first byte is no part of the length.
                if self.head > 0 {
                    self.length = self.length << 8 | usize::from(*first);
                }
                self.head += 1;
                self.held += 1;
                self.rest = self.length;
                data = rest;
            } else {
                let (taken, rest) = data.split_at(self.rest.min(data.len()));
                self.rest -= taken.len();
                self.held += taken.len();
                data = rest;
            }
            if self.head == HEAD && self.rest == 0 {
                *self = Self::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How much is unfinished after each byte of `messages`, which end where `end` says.
    fn expected(messages: &[Vec<u8>]) -> Vec<usize> {
        let counts = messages.iter().flat_map(|one| 1..=one.len());
        let mut ends = messages.iter().map(Vec::len);
        let mut end = ends.next();
        counts
            .map(|count| match end {
                Some(length) if length == count => {
                    end = ends.next();
                    0
                }
                _ => count,
            })
            .collect()
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap();
        [&[0], &length.to_be_bytes()[..], message].concat()
    }

    fn line(message: &[u8]) -> Vec<u8> {
        let mut line: Vec<u8> = message.iter().map(|byte| byte | 0x80).collect();
        line.push(b'\n');
        line
    }

    proptest! {
        #[test]
        fn what_is_unfinished_is_what_came_since_the_last_end(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
            pieces in prop::collection::vec(1_usize..400, 1..40),
        ) {
            for (frame, mut framing) in [
                (framed as fn(&[u8]) -> Vec<u8>, Framing::grpc()),
                (line, Framing::lines()),
            ] {
                let messages: Vec<Vec<u8>> = messages.iter().map(|one| frame(one)).collect();
                let expected = expected(&messages);
                let all = messages.concat();
                let mut at = 0;
                for piece in &pieces {
                    let end = (at + piece).min(all.len());
                    framing.read(&all[at..end]);
                    at = end;
                    let held = at.checked_sub(1).map_or(0, |last| expected[last]);
                    prop_assert_eq!(framing.held(), held);
                }
            }
        }
    }
}
