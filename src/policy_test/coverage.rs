//! What cases touched of a policy: rules, both values of every single test, steps and the levels that they relax to,
//! `otherwise`, overflow, articles, the default, reasons to leave a ticket to people and, where a model's labels are known, topics.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::ratio::Ratio;
use super::run::StepResult;
use crate::classifier::AbstainReason;
use crate::routing::{KnownLabels, Policy, Position, Stage, TraceValue};

/// A kind of thing that can be covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageKind {
    /// A rule decided.
    Rule,
    /// A test of a condition was true, or was false.
    Test,
    /// A step was in force.
    Step,
    /// A step that relaxes asked for these levels.
    Level,
    /// A test of a step's `skip_if` was true, or was false.
    SkipIf,
    /// A rule's `otherwise` was in force.
    Otherwise,
    /// Nobody could take a rule's tickets, so that they overflowed.
    Overflow,
    /// A rule's article answered.
    Article,
    /// A rule's bot answered.
    Bot,
    /// No rule took the ticket.
    Default,
    /// A ticket was left to people for this reason.
    AbstainReason,
    /// A ticket had this topic.
    Topic,
}

impl CoverageKind {
    /// What things of this kind are called together.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Rule => "rules",
            Self::Test => "tests of conditions, both ways",
            Self::Step => "steps",
            Self::Level => "levels of relax",
            Self::SkipIf => "tests of skip_if, both ways",
            Self::Otherwise => "otherwise",
            Self::Overflow => "overflows",
            Self::Article => "articles",
            Self::Bot => "bots",
            Self::Default => "default",
            Self::AbstainReason => "reasons to abstain",
            Self::Topic => "topics",
        }
    }
}

/// One thing to cover, by what tells it apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Rule(usize),
    Test(usize, usize, bool),
    Step(usize, usize),
    Level(usize, usize, BTreeMap<String, u8>),
    SkipIf(usize, usize, usize, bool),
    Otherwise(usize),
    Overflow(usize),
    Article(usize),
    Bot(usize),
    Default,
    AbstainReason(AbstainReason),
    Topic(String),
}

impl Item {
    const fn kind(&self) -> CoverageKind {
        match self {
            Self::Rule(_) => CoverageKind::Rule,
            Self::Test(..) => CoverageKind::Test,
            Self::Step(..) => CoverageKind::Step,
            Self::Level(..) => CoverageKind::Level,
            Self::SkipIf(..) => CoverageKind::SkipIf,
            Self::Otherwise(_) => CoverageKind::Otherwise,
            Self::Overflow(_) => CoverageKind::Overflow,
            Self::Article(_) => CoverageKind::Article,
            Self::Bot(_) => CoverageKind::Bot,
            Self::Default => CoverageKind::Default,
            Self::AbstainReason(_) => CoverageKind::AbstainReason,
            Self::Topic(_) => CoverageKind::Topic,
        }
    }
}

/// Something that no case touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What kind of thing.
    pub kind: CoverageKind,
    /// Where it stands in the policy's file, if it has one place.
    pub position: Option<Position>,
    /// What it is, in words.
    pub what: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// What cases touched of one policy.
#[derive(Debug, Clone)]
pub struct Coverage {
    things: BTreeMap<Item, Thing>,
    rules: BTreeMap<String, usize>,
    /// The topics of tickets noted so far.
    topics: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Thing {
    position: Option<Position>,
    what: String,
    covered: bool,
}

/// The reasons that every policy can meet with.
const REASONS: [AbstainReason; 7] = [
    AbstainReason::EmptyText,
    AbstainReason::LowConfidence,
    AbstainReason::Ambiguous,
    AbstainReason::OutOfScope,
    AbstainReason::UnsupportedLanguage,
    AbstainReason::NoRuleMatched,
    AbstainReason::NoEligibleAgent,
];

impl Coverage {
    /// Nothing of `policy` is covered yet. With `labels`, each topic of the model is to be covered too.
    #[must_use]
    pub fn new(policy: &Policy, labels: Option<&KnownLabels>) -> Self {
        let mut things = BTreeMap::new();
        let mut add = |item: Item, position: Option<Position>, what: String| {
            let thing = Thing {
                position,
                what,
                covered: false,
            };
            things.insert(item, thing);
        };
        let outline = policy.outline();
        for (index, rule) in outline.iter().enumerate() {
            let id = &rule.id;
            let at = Some(rule.position);
            add(Item::Rule(index), at, format!("rule '{id}' never decides"));
            for (number, test) in rule.tests.iter().enumerate() {
                for value in values_of(&test.text) {
                    let what = format!("rule '{id}': {} is never {value}", test.text);
                    add(Item::Test(index, number, value), Some(test.position), what);
                }
            }
            for (number, step) in (1..).zip(&rule.steps) {
                let what = format!("step {number} of rule '{id}' is never in force");
                add(Item::Step(index, number), Some(step.position), what);
                let first = (!step.relaxed.is_empty()).then_some(&step.required);
                for required in first.into_iter().chain(&step.relaxed) {
                    let levels = levels(required);
                    let what = format!("step {number} of rule '{id}' never asks for {levels}");
                    let item = Item::Level(index, number, required.clone());
                    add(item, Some(step.position), what);
                }
                for (place, test) in step.skip_if.iter().enumerate() {
                    for value in values_of(&test.text) {
                        let text = &test.text;
                        let what = format!(
                            "rule '{id}', skip_if of step {number}: {text} is never {value}"
                        );
                        let item = Item::SkipIf(index, number, place, value);
                        add(item, Some(test.position), what);
                    }
                }
            }
            if let Some(queue) = &rule.otherwise {
                let what = format!("otherwise of rule '{id}' ('{queue}') is never in force");
                add(Item::Otherwise(index), at, what);
            }
            if let Some(queue) = &rule.overflow {
                let what = format!("rule '{id}' never overflows to '{queue}'");
                add(Item::Overflow(index), at, what);
            }
            if let Some(article) = &rule.article {
                let what = format!("the article '{article}' of rule '{id}' never answers");
                add(Item::Article(index), at, what);
            }
            if let Some(bot) = &rule.bot {
                let what = format!("the bot '{bot}' of rule '{id}' never answers");
                add(Item::Bot(index), at, what);
            }
        }
        add(
            Item::Default,
            None,
            "the default never takes a ticket".to_owned(),
        );
        let human = policy
            .has_always_human()
            .then_some(AbstainReason::AlwaysHuman);
        for reason in REASONS.into_iter().chain(human) {
            let what = format!("no ticket is left to people for {reason}");
            add(Item::AbstainReason(reason), None, what);
        }
        let ids = outline.iter().enumerate();
        let mut coverage = Self {
            things,
            rules: ids
                .map(|(index, rule)| (rule.id.to_string(), index))
                .collect(),
            topics: BTreeSet::new(),
        };
        labels
            .into_iter()
            .for_each(|labels| coverage.add_topics(labels));
        coverage
    }

    /// From now on each topic of the model is to be covered too; what was noted before counts.
    pub fn add_topics(&mut self, labels: &KnownLabels) {
        for topic in &labels.topics {
            let covered = self.topics.contains(topic);
            let thing = self
                .things
                .entry(Item::Topic(topic.clone()))
                .or_insert_with(|| Thing {
                    position: None,
                    what: format!("no ticket is about '{topic}'"),
                    covered,
                });
            thing.covered |= covered;
        }
    }

    /// Adds what one ticket touched.
    pub fn note(&mut self, step: &StepResult) {
        for rule in &step.seen {
            for test in &rule.tests {
                if let Some(value) = value_of(&test.value) {
                    self.cover(&Item::Test(rule.index, test.index, value));
                }
            }
            for skip in &rule.skips {
                for test in &skip.tests {
                    if let Some(value) = value_of(&test.value) {
                        self.cover(&Item::SkipIf(rule.index, skip.step, test.index, value));
                    }
                }
            }
        }
        let decision = &step.decision;
        match self.rules.get(&*decision.rule).copied() {
            None => self.cover(&Item::Default),
            Some(rule) => {
                self.cover(&Item::Rule(rule));
                if let Some(step) = decision.step {
                    self.cover(&Item::Step(rule, step));
                    let levels = decision.required_skills.clone();
                    self.cover(&Item::Level(rule, step, levels));
                }
                match decision.stage {
                    Stage::Otherwise => self.cover(&Item::Otherwise(rule)),
                    Stage::Overflow => self.cover(&Item::Overflow(rule)),
                    Stage::Step | Stage::Default => {}
                }
                if decision.self_service_article.is_some() {
                    self.cover(&Item::Article(rule));
                }
                if decision.self_service_bot.is_some() {
                    self.cover(&Item::Bot(rule));
                }
            }
        }
        if let Some(reason) = decision.abstain_reason {
            self.cover(&Item::AbstainReason(reason));
        }
        if let Some(topic) = &step.classification.topic {
            self.cover(&Item::Topic(topic.label.clone()));
            self.topics.insert(topic.label.clone());
        }
    }

    /// The share that is covered.
    #[must_use]
    pub fn ratio(&self) -> Ratio {
        self.ratio_where(|_| true)
    }

    /// The share that is covered of each kind that there is.
    #[must_use]
    pub fn by_kind(&self) -> Vec<(CoverageKind, Ratio)> {
        let present: BTreeSet<CoverageKind> = self.things.keys().map(Item::kind).collect();
        present
            .into_iter()
            .map(|kind| (kind, self.ratio_where(|item| item.kind() == kind)))
            .collect()
    }

    /// What is not covered, in the order of the file.
    #[must_use]
    pub fn missing(&self) -> Vec<Missing> {
        let mut missing: Vec<Missing> = self
            .things
            .iter()
            .filter(|(_, thing)| !thing.covered)
            .map(|(item, thing)| Missing {
                kind: item.kind(),
                position: thing.position,
                what: thing.what.clone(),
            })
            .collect();
        missing.sort_by_key(|one| (one.position.is_none(), one.position, one.kind));
        missing
    }

    fn ratio_where(&self, wanted: impl Fn(&Item) -> bool) -> Ratio {
        let (mut covered, mut all) = (0, 0);
        for (_, thing) in self.things.iter().filter(|(item, _)| wanted(item)) {
            all += 1;
            covered += u64::from(thing.covered);
        }
        Ratio::new(covered, all)
    }

    fn cover(&mut self, item: &Item) {
        if let Some(thing) = self.things.get_mut(item) {
            thing.covered = true;
        }
    }
}

/// What a test gave; `None` where it could not be evaluated, which is neither.
const fn value_of(value: &TraceValue) -> Option<bool> {
    match value {
        TraceValue::True => Some(true),
        TraceValue::False => Some(false),
        TraceValue::Error(_) => None,
    }
}

/// The values that a test can have.
fn values_of(test: &str) -> Vec<bool> {
    match test {
        "true" => vec![true],
        "false" => vec![false],
        _ => vec![true, false],
    }
}

/// Required levels in words.
fn levels(required: &BTreeMap<String, u8>) -> String {
    if required.is_empty() {
        return "no skill".to_owned();
    }
    let levels = required.iter();
    let levels: Vec<String> = levels
        .map(|(skill, level)| format!("{skill} {level}"))
        .collect();
    levels.join(" and ")
}
