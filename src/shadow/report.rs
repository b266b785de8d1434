//! What a shadow found: counts of agreement, and the tickets it disagreed on last. No customer's words.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::classifier::{Classification, Prediction};

/// Most disagreements that are kept.
const MAX_KEPT: usize = 100;

/// What a shadow found beside one model that was served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// Version of the model that was served.
    pub served_version: String,
    /// Since when is counted.
    pub since: Timestamp,
    /// Tickets compared.
    pub compared: u64,
    /// Tickets on which the shadow broke off.
    pub failed: u64,
    /// How often each head that both have agreed: topic, urgency, then the facets.
    pub heads: Vec<HeadAgreement>,
    /// Tickets whose destinations were compared.
    pub routed: u64,
    /// Those of them that would go elsewhere.
    pub moved: u64,
    /// Why destinations are not compared.
    pub not_routed: Option<String>,
    /// The disagreements kept, the latest first.
    pub disagreements: VecDeque<Disagreement>,
}

/// How often a head of the shadow agrees with that of the model served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadAgreement {
    /// The head's name.
    pub name: String,
    /// Both predicted the same label, or both abstained.
    pub agreed: u64,
    /// Each predicted a label, but not the same.
    pub differed: u64,
    /// Only the shadow abstained.
    pub only_shadow_abstained: u64,
    /// Only the model served abstained.
    pub only_served_abstained: u64,
}

/// A ticket that the two have different opinions of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The ticket's id as it came.
    pub ticket_id: String,
    /// When it was compared.
    pub time: Timestamp,
    /// The heads that disagree.
    pub heads: Vec<HeadDifference>,
    /// Where the ticket was sent and would be sent, if these are not the same.
    pub destinations: Option<(String, String)>,
}

/// What the two say of one head; `None` where one abstained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadDifference {
    /// The head's name.
    pub head: String,
    /// The label of the model served.
    pub served: Option<String>,
    /// The shadow's label.
    pub shadow: Option<String>,
}

impl Findings {
    pub(super) fn new(served_version: &str) -> Self {
        Self {
            served_version: served_version.to_owned(),
            since: Timestamp::now(),
            compared: 0,
            failed: 0,
            heads: Vec::new(),
            routed: 0,
            moved: 0,
            not_routed: None,
            disagreements: VecDeque::new(),
        }
    }

    /// Counts a ticket and says whether the two agree on it. `destinations` are those of the model served and of the
    /// shadow, where they were asked for.
    pub(super) fn note(
        &mut self,
        ticket_id: &str,
        served: &Classification,
        shadow: &Classification,
        destinations: Option<(String, String)>,
    ) -> bool {
        self.compared += 1;
        let mut differences = Vec::new();
        for (name, served, shadow) in common_heads(served, shadow) {
            let (served, shadow) = (predicted(served), predicted(shadow));
            self.head(name).note(served, shadow);
            if served != shadow {
                differences.push(HeadDifference {
                    head: name.to_owned(),
                    served: served.map(str::to_owned),
                    shadow: shadow.map(str::to_owned),
                });
            }
        }
        self.routed += u64::from(destinations.is_some());
        let destinations = destinations.filter(|(from, to)| from != to);
        self.moved += u64::from(destinations.is_some());
        let agree = differences.is_empty() && destinations.is_none();
        if !agree {
            self.disagreements.truncate(MAX_KEPT - 1);
            self.disagreements.push_front(Disagreement {
                ticket_id: ticket_id.to_owned(),
                time: Timestamp::now(),
                heads: differences,
                destinations,
            });
        }
        agree
    }

    fn head(&mut self, name: &str) -> &mut HeadAgreement {
        let known = self.heads.iter().position(|head| head.name == name);
        let place = known.unwrap_or_else(|| {
            self.heads.push(HeadAgreement {
                name: name.to_owned(),
                agreed: 0,
                differed: 0,
                only_shadow_abstained: 0,
                only_served_abstained: 0,
            });
            self.heads.len() - 1
        });
        &mut self.heads[place]
    }
}

impl HeadAgreement {
    fn note(&mut self, served: Option<&str>, shadow: Option<&str>) {
        let count = match (served, shadow) {
            (served, shadow) if served == shadow => &mut self.agreed,
            (Some(_), None) => &mut self.only_shadow_abstained,
            (None, Some(_)) => &mut self.only_served_abstained,
            _ => &mut self.differed,
        };
        *count += 1;
    }
}

/// The heads that both have, by name.
fn common_heads<'a>(
    served: &'a Classification,
    shadow: &'a Classification,
) -> impl Iterator<Item = (&'a str, &'a Prediction, &'a Prediction)> {
    let topic = served.topic.as_ref().zip(shadow.topic.as_ref());
    let urgency = served.urgency.as_ref().zip(shadow.urgency.as_ref());
    let named = [("topic", topic), ("urgency", urgency)];
    let named = named
        .into_iter()
        .filter_map(|(name, both)| both.map(|(served, shadow)| (name, served, shadow)));
    let facets = served.facets.iter().filter_map(|(name, served)| {
        let same = shadow.facets.iter().find(|(own, _)| own == name)?;
        Some((name.as_str(), served, &same.1))
    });
    named.chain(facets)
}

/// The label, unless the head abstained.
fn predicted(prediction: &Prediction) -> Option<&str> {
    prediction
        .made_prediction()
        .then_some(prediction.label.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::{AbstainReason, Ranking};

    fn prediction(label: &str) -> Prediction {
        Prediction {
            label: label.to_owned(),
            confidence: 0.9,
            margin: 0.8,
            ranked: Ranking::default(),
            automate: true,
            abstain_reason: label.is_empty().then_some(AbstainReason::LowConfidence),
            raised: false,
            lowered: false,
        }
    }

    fn classification(topic: &str, urgency: &str, mood: Option<&str>) -> Classification {
        Classification {
            topic: Some(prediction(topic)),
            area: None,
            urgency: Some(prediction(urgency)),
            facets: mood
                .map(|mood| ("mood".to_owned(), prediction(mood)))
                .into_iter()
                .collect(),
        }
    }

    #[test]
    fn each_head_is_counted_by_who_predicted_what() {
        let mut found = Findings::new("a");
        for (served, shadow) in [("x", "x"), ("", ""), ("x", "y"), ("x", ""), ("", "y")] {
            let served = classification(served, "low", Some("calm"));
            found.note("t", &served, &classification(shadow, "low", None), None);
        }
        assert_eq!(found.compared, 5);
        let topic = HeadAgreement {
            name: "topic".to_owned(),
            agreed: 2,
            differed: 1,
            only_shadow_abstained: 1,
            only_served_abstained: 1,
        };
        let names: Vec<&str> = found.heads.iter().map(|head| head.name.as_str()).collect();
        assert_eq!(names, ["topic", "urgency"], "only heads that both have");
        assert_eq!(found.heads[0], topic);
        assert_eq!(found.heads[1].agreed, 5);
        assert_eq!(found.disagreements.len(), 3);
    }

    #[test]
    fn a_ticket_that_moves_is_a_disagreement_even_if_no_label_differs() {
        let mut found = Findings::new("a");
        let same = classification("x", "low", None);
        let ways = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert!(found.note("t-1", &same, &same, ways("desk", "desk")));
        assert!(!found.note("t-2", &same, &same, ways("desk", "billing")));
        assert!(found.note("t-3", &same, &same, None));
        assert_eq!((found.compared, found.routed, found.moved), (3, 2, 1));
        assert_eq!(found.disagreements.len(), 1);
        let kept = &found.disagreements[0];
        assert_eq!(kept.ticket_id, "t-2");
        assert_eq!(kept.destinations, ways("desk", "billing"));
    }

    #[test]
    fn the_latest_disagreements_are_kept_and_no_more() {
        let mut found = Findings::new("a");
        let (served, shadow) = (
            classification("x", "low", None),
            classification("y", "low", None),
        );
        for number in 0..1_000 {
            found.note(&format!("t-{number}"), &served, &shadow, None);
        }
        assert_eq!(found.disagreements.len(), MAX_KEPT);
        assert_eq!(found.disagreements[0].ticket_id, "t-999");
        assert_eq!(found.disagreements[99].ticket_id, "t-900");
    }
}
