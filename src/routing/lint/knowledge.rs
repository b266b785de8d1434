//! What is known of one ticket while it is reasoned about: the values that its texts, urgency and numbers can still
//! have. Nothing is concluded that does not hold for every such ticket.

use std::collections::BTreeMap;

use super::formula::{ALL_LEVELS, Formula, NumberTest, Subject, Test, TextTest, Written};

/// The variable that is a probability.
const TOPIC_CONFIDENCE: &str = "topic_confidence";

/// The variable that is a duration.
const WAITED: &str = "waited";

/// What is known of one ticket.
#[derive(Debug, Clone)]
pub(super) struct Knowledge<'e> {
    texts: BTreeMap<String, Text>,
    /// The levels of urgency that are still possible.
    levels: u8,
    numbers: BTreeMap<String, Vec<(NumberTest, bool)>>,
    opaque: Vec<(Written<'e>, bool)>,
}

/// What is known of one text.
#[derive(Debug, Clone, Default)]
struct Text {
    /// The values that it can have, where they can be counted.
    values: Option<Vec<String>>,
    tests: Vec<(TextTest, bool)>,
}

impl<'e> Knowledge<'e> {
    /// Nothing is known but what holds for every ticket: a probability is a number from 0 to 1, and no ticket has
    /// waited less than nothing.
    pub(super) fn nothing() -> Self {
        let bound = |above, bound| NumberTest {
            above,
            bound,
            inclusive: true,
        };
        let probability = vec![(bound(true, 0.0), true), (bound(false, 1.0), true)];
        Self {
            texts: BTreeMap::new(),
            levels: ALL_LEVELS,
            numbers: BTreeMap::from([
                (TOPIC_CONFIDENCE.to_owned(), probability),
                (WAITED.to_owned(), vec![(bound(true, 0.0), true)]),
            ]),
            opaque: Vec::new(),
        }
    }

    /// Learns that `test` gives `value`; `false` where no ticket is like that.
    pub(super) fn learn(&mut self, test: &Test<'e>, value: bool) -> bool {
        match self.decide(test) {
            Some(known) if known != value => return false,
            Some(_) | None => {}
        }
        match test {
            Test::Text(subject, test) => {
                let text = self.texts.entry(subject.path.clone()).or_default();
                text.learn(test, value)
            }
            Test::Urgency(levels) => {
                self.levels &= if value { *levels } else { !levels };
                self.levels != 0
            }
            Test::Number(subject, test) => {
                let known = self.numbers.entry(subject.path.clone()).or_default();
                known.push((*test, value));
                true
            }
            Test::Opaque(expression) => {
                self.opaque.push((*expression, value));
                true
            }
        }
    }

    /// What `test` gives for every such ticket; `None` if that depends.
    pub(super) fn decide(&self, test: &Test<'_>) -> Option<bool> {
        match test {
            Test::Text(subject, test) => self.texts.get(&subject.path)?.decide(test),
            Test::Urgency(levels) => {
                if self.levels & !levels == 0 {
                    Some(true)
                } else {
                    (self.levels & levels == 0).then_some(false)
                }
            }
            Test::Number(subject, test) => {
                let known = self.numbers.get(&subject.path)?;
                known
                    .iter()
                    .find_map(|&(known, value)| follows(upright(known, value), *test))
            }
            Test::Opaque(expression) => self
                .opaque
                .iter()
                .find(|(known, _)| known == expression)
                .map(|&(_, value)| value),
        }
    }

    /// Whether `test` must give true or false for such a ticket, never an error.
    pub(super) fn is_decidable(&self, test: &Test<'_>) -> bool {
        let known = |subject: &Subject| subject.total || self.texts.contains_key(&subject.path);
        match test {
            Test::Text(subject, _) | Test::Number(subject, _) => known(subject),
            Test::Urgency(_) => true,
            Test::Opaque(_) => false,
        }
    }

    /// Whether `formula` holds for every such ticket (true), for none (false), or that depends.
    pub(super) fn evaluate(&self, formula: &Formula<'_>) -> Option<bool> {
        match formula {
            Formula::Constant(value) => Some(*value),
            Formula::Gives(test, wanted) => self.decide(test).map(|value| value == *wanted),
            Formula::All(parts) => self.fold(parts, false),
            Formula::Any(parts) => self.fold(parts, true),
        }
    }

    /// The first part with the value `ending` settles it.
    fn fold(&self, parts: &[Formula<'_>], ending: bool) -> Option<bool> {
        let mut result = Some(!ending);
        for part in parts {
            match self.evaluate(part) {
                Some(value) if value == ending => return Some(ending),
                Some(_) => {}
                None => result = None,
            }
        }
        result
    }
}

impl Text {
    fn learn(&mut self, test: &TextTest, value: bool) -> bool {
        if let (TextTest::OneOf(values), true, None) = (test, value, &self.values) {
            let fits = |text: &&String| {
                let mut tests = self.tests.iter();
                tests.all(|(test, value)| test.passes(text) == *value)
            };
            self.values = Some(values.iter().filter(fits).cloned().collect());
        }
        self.tests.push((test.clone(), value));
        match &mut self.values {
            Some(values) => {
                values.retain(|text| test.passes(text) == value);
                !values.is_empty()
            }
            None => true,
        }
    }

    fn decide(&self, test: &TextTest) -> Option<bool> {
        if let Some(values) = &self.values {
            let passing = values.iter().filter(|text| test.passes(text)).count();
            return match passing {
                0 => Some(false),
                _ if passing == values.len() => Some(true),
                _ => None,
            };
        }
        if let TextTest::OneOf(values) = test {
            let possible = |text: &String| {
                let mut tests = self.tests.iter();
                tests.all(|(test, value)| test.passes(text) == *value)
            };
            return (!values.iter().any(possible)).then_some(false);
        }
        self.tests
            .iter()
            .find_map(|(known, value)| match (known, value) {
                (known, true) if implies(known, test) => Some(true),
                (known, true) if excludes(known, test) => Some(false),
                (known, false) if implies(test, known) => Some(false),
                _ => None,
            })
    }
}

/// Whether every text that passes `a` passes `b`.
fn implies(a: &TextTest, b: &TextTest) -> bool {
    use TextTest::{Contains, EndsWith, OneOf, StartsWith};
    match (a, b) {
        (OneOf(texts), b) => texts.iter().all(|text| b.passes(text)),
        (StartsWith(a), StartsWith(b)) => a.starts_with(b.as_str()),
        (EndsWith(a), EndsWith(b)) => a.ends_with(b.as_str()),
        (StartsWith(a) | EndsWith(a) | Contains(a), Contains(b)) => a.contains(b.as_str()),
        (StartsWith(_) | EndsWith(_) | Contains(_), _) => false,
    }
}

/// Whether no text passes both.
fn excludes(a: &TextTest, b: &TextTest) -> bool {
    use TextTest::{EndsWith, StartsWith};
    match (a, b) {
        (StartsWith(a), StartsWith(b)) => !a.starts_with(b.as_str()) && !b.starts_with(a.as_str()),
        (EndsWith(a), EndsWith(b)) => !a.ends_with(b.as_str()) && !b.ends_with(a.as_str()),
        _ => false,
    }
}

/// The test that gives true where `test` gives `value`. Only of numbers that are some number: no variable is NaN.
fn upright(test: NumberTest, value: bool) -> NumberTest {
    if value {
        return test;
    }
    NumberTest {
        above: !test.above,
        inclusive: !test.inclusive,
        ..test
    }
}

/// What `test` gives for every number that passes `known`; `None` if that depends.
fn follows(known: NumberTest, test: NumberTest) -> Option<bool> {
    let (a, b) = (known.bound, test.bound);
    let reaches = known.inclusive && test.inclusive;
    match (known.above, test.above) {
        (true, true) if a > b || (a == b && (test.inclusive || !known.inclusive)) => Some(true),
        (false, false) if a < b || (a == b && (test.inclusive || !known.inclusive)) => Some(true),
        (true, false) if a > b || (a == b && !reaches) => Some(false),
        (false, true) if a < b || (a == b && !reaches) => Some(false),
        _ => None,
    }
}
