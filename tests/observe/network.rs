//! Who reaches the server in a cluster, by the manifests as Kustomize renders them.

use std::process::Command;

use serde_json::{Map, Value, json};

use crate::manifests::{deploy, each, of_kind, resources, yaml};

const BASE: &str = "kubernetes/base";
const EXAMPLE: &str = "kubernetes/overlays/example";

/// The manifests of a folder as `kubectl kustomize` prints them; none where there is no `kubectl`.
fn rendered(folder: &str) -> Option<Vec<Value>> {
    let path = deploy(folder);
    let output = match Command::new("kubectl").arg("kustomize").arg(&path).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {message}", path.display());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(serde_saphyr::from_multiple(&text).unwrap())
}

/// The base with its label where Kustomize puts it: on everything, and into every selector of pods. It makes those of
/// services and deployments, and adds to the labels that others match.
fn modelled() -> Vec<Value> {
    let kustomization = yaml(&format!("{BASE}/kustomization.yaml"));
    let label = &kustomization["labels"][0];
    assert_eq!(label["includeSelectors"], true);
    let mut manifests = resources(BASE);
    for manifest in &mut manifests {
        let kind = manifest["kind"].as_str().unwrap().to_owned();
        let mut add = |path: &str, makes: bool| {
            let steps: Vec<&str> = path.split('/').collect();
            add_at(manifest, &steps, &label["pairs"], makes);
        };
        add("metadata/labels", true);
        match kind.as_str() {
            "Service" => add("spec/selector", true),
            "Deployment" => {
                add("spec/selector/matchLabels", true);
                add("spec/template/metadata/labels", true);
            }
            "PodDisruptionBudget" => add("spec/selector/matchLabels", false),
            "NetworkPolicy" => {
                add("spec/podSelector/matchLabels", false);
                add("spec/ingress/from/podSelector/matchLabels", false);
                add("spec/egress/to/podSelector/matchLabels", false);
            }
            _ => {}
        }
    }
    manifests
}

/// Adds labels at the end of a path, in each object of the lists on its way.
fn add_at(value: &mut Value, steps: &[&str], labels: &Value, makes: bool) {
    if let Value::Array(items) = value {
        for item in items {
            add_at(item, steps, labels, makes);
        }
        return;
    }
    let Some((step, rest)) = steps.split_first() else {
        let added = labels.as_object().unwrap().clone();
        value.as_object_mut().unwrap().extend(added);
        return;
    };
    let fields = value.as_object_mut().unwrap();
    if makes {
        fields.entry(*step).or_insert_with(|| Map::new().into());
    }
    if let Some(next) = fields.get_mut(*step) {
        add_at(next, rest, labels, makes);
    }
}

/// The manifests of the base, rendered where `kubectl` is and modelled anywhere.
fn bases() -> Vec<Vec<Value>> {
    rendered(BASE).into_iter().chain([modelled()]).collect()
}

/// Whether a selector means what carries these labels.
fn selects(selector: &Value, labels: &Value) -> bool {
    let wanted = selector["matchLabels"].as_object().cloned();
    let mut wanted = wanted.unwrap_or_default().into_iter();
    let expressions = selector["matchExpressions"].as_array();
    let mut expressions = expressions.into_iter().flatten();
    let fits = |expression: &Value| {
        assert_eq!(expression["operator"], "In", "{expression}");
        let label = &labels[expression["key"].as_str().unwrap()];
        expression["values"].as_array().unwrap().contains(label)
    };
    wanted.all(|(key, value)| labels[&key] == value) && expressions.all(fits)
}

/// The ports that a network policy lets a pod of the server's own namespace reach.
fn reached_from_pod(policy: &Value, labels: &Value) -> Vec<Value> {
    let rules = policy["spec"]["ingress"].as_array().unwrap().iter();
    let lets_in = |rule: &&Value| {
        let mut peers = rule["from"].as_array().unwrap().iter();
        peers.any(|peer| {
            let is_own = peer["namespaceSelector"].is_null();
            is_own && !peer["podSelector"].is_null() && selects(&peer["podSelector"], labels)
        })
    };
    let ports = rules
        .filter(lets_in)
        .flat_map(|rule| each(&rule["ports"], "port"));
    ports.cloned().collect()
}

#[test]
fn a_pod_that_says_that_it_calls_reaches_both_ports_and_another_none() {
    for manifests in bases().into_iter().chain(rendered(EXAMPLE)) {
        let policy = of_kind(&manifests, "NetworkPolicy");
        let caller = json!({"app": "help-desk", "triage-client": "true"});
        assert_eq!(
            reached_from_pod(policy, &caller),
            [json!("grpc"), json!("http")],
            "{policy:#}"
        );
        let other = json!({"app": "help-desk"});
        assert!(reached_from_pod(policy, &other).is_empty(), "{policy:#}");
    }
}

#[test]
fn selectors_mean_the_servers_pods() {
    for manifests in bases().into_iter().chain(rendered(EXAMPLE)) {
        let deployment = of_kind(&manifests, "Deployment");
        let labels = &deployment["spec"]["template"]["metadata"]["labels"];
        assert!(labels.is_object());
        assert!(selects(&deployment["spec"]["selector"], labels));
        for kind in ["PodDisruptionBudget", "NetworkPolicy"] {
            let spec = &of_kind(&manifests, kind)["spec"];
            let selector = match kind {
                "NetworkPolicy" => &spec["podSelector"],
                _ => &spec["selector"],
            };
            assert!(selects(selector, labels), "{kind}: {spec:#}");
        }
        let services = manifests.iter().filter(|it| it["kind"] == "Service");
        for service in services {
            let selector = json!({"matchLabels": service["spec"]["selector"]});
            assert!(service["spec"]["selector"].is_object(), "{service:#}");
            assert!(selects(&selector, labels), "{service:#}");
        }
    }
}

#[test]
fn the_model_of_kustomize_puts_labels_where_it_does() {
    let Some(rendered) = rendered(BASE) else {
        return;
    };
    let modelled = modelled();
    let policies = [&rendered, &modelled].map(|all| of_kind(all, "NetworkPolicy"));
    assert_eq!(policies[0], policies[1]);
}
