//! Reads labels of topics and facets, which are held against those of the model where one is at hand.

use std::collections::{BTreeMap, BTreeSet};

use super::read_case::{known, known_name};
use crate::routing::KnownLabels;
use crate::routing::document::Node;
use crate::routing::fault::Faults;
use crate::routing::fields;

/// The topic that the field `field` names.
pub(super) fn topic_label<'n>(
    node: &'n Node,
    field: &str,
    labels: Option<&KnownLabels>,
    faults: &mut Faults,
) -> Option<&'n str> {
    match labels {
        Some(labels) => known(node, "topic", &names(&labels.topics), faults),
        None => fields::label(node, field, faults),
    }
}

/// Facets with their labels.
pub(super) fn facet_labels(
    node: &Node,
    labels: Option<&KnownLabels>,
    faults: &mut Faults,
) -> BTreeMap<String, String> {
    let mut facets = BTreeMap::new();
    for (key, value) in fields::entries(node, "facets", faults).unwrap_or_default() {
        let of = labels.and_then(|labels| labels.facets.get(&key.name));
        if let (Some(labels), None) = (labels, of) {
            let facets = names(labels.facets.keys());
            known_name(&key.name, key.position, "facet", &facets, faults);
        }
        let label = match of {
            Some(of) => known(
                value,
                &format!("label of '{}'", key.name),
                &names(of),
                faults,
            ),
            None => fields::label(value, &key.name, faults),
        };
        if let Some(label) = label {
            facets.insert(key.name.clone(), label.to_owned());
        }
    }
    facets
}

fn names<'a>(names: impl IntoIterator<Item = &'a String>) -> BTreeSet<&'a str> {
    names.into_iter().map(String::as_str).collect()
}
