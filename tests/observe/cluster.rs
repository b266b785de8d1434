//! The manifests for Kubernetes agree with each other and with the program.

use std::collections::BTreeSet;
use std::fs;

use http::StatusCode;
use serde_json::{Value, json};
use triage::settings::Settings;
use triage::triage::{Sources, Triage};

use crate::calling::{Both, command};
use crate::manifests::{container, deploy, documents, each, of_kind, resources, text, yaml};
use crate::running::argument;

const BASE: &str = "kubernetes/base";
const EXAMPLE: &str = "kubernetes/overlays/example";

fn settings(folder: &str) -> Settings {
    let path = deploy(&format!("{folder}/triage.toml"));
    Settings::load(Some(&path), &[]).unwrap()
}

#[test]
fn the_settings_are_ones_and_fit_the_deployment() {
    let manifests = resources(BASE);
    let deployment = of_kind(&manifests, "Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let container = container(deployment);
    let ports = container["ports"].as_array().unwrap();
    let port = |name: &str| {
        let port = ports.iter().find(|port| port["name"] == name).unwrap();
        port["containerPort"].as_u64().unwrap()
    };
    for folder in [BASE, EXAMPLE] {
        let settings = settings(folder);
        assert_eq!(u64::from(settings.server.listen.port()), port("grpc"));
        assert!(settings.server.listen.ip().is_unspecified());
        let http = settings.http.listen.unwrap();
        assert_eq!(u64::from(http.port()), port("http"));
        assert!(http.ip().is_unspecified());
        let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
        let before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
            .as_u64()
            .unwrap();
        let drain = settings.server.drain_timeout().as_secs();
        assert!(before + drain < grace, "{before} + {drain} < {grace}");
        let cores: usize = container["resources"]["requests"]["cpu"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(settings.server.threads, cores);
    }
}

#[test]
fn the_server_is_started_with_the_settings_that_are_mounted() {
    let manifests = resources(BASE);
    let deployment = of_kind(&manifests, "Deployment");
    let container = container(deployment);
    assert_eq!(
        container["args"],
        json!(["--config", "/etc/triage/triage.toml"])
    );
    let generated = yaml(&format!("{BASE}/kustomization.yaml"))["configMapGenerator"][0].clone();
    assert_eq!(generated["files"], json!(["triage.toml"]));
    let patch = yaml(&format!("{EXAMPLE}/deployment.yaml"));
    let mut volumes = Vec::new();
    for deployment in [deployment, &patch] {
        let pod = &deployment["spec"]["template"]["spec"];
        let mounts = &pod["containers"][0]["volumeMounts"];
        assert_eq!(each(mounts, "name"), each(&pod["volumes"], "name"));
        for mount in mounts.as_array().unwrap() {
            assert_eq!(mount["readOnly"], true, "{mount}");
        }
        volumes.extend(pod["volumes"].as_array().unwrap().clone());
    }
    // Whatever is mounted is there.
    let example = yaml(&format!("{EXAMPLE}/kustomization.yaml"));
    let made = each(&example["configMapGenerator"], "name");
    let claims = resources(EXAMPLE);
    for volume in &volumes {
        if volume["configMap"].is_object() {
            assert!(made.contains(&&volume["configMap"]["name"]), "{volume}");
        } else {
            let claim = of_kind(&claims, "PersistentVolumeClaim");
            let name = &volume["persistentVolumeClaim"]["claimName"];
            assert_eq!(name, &claim["metadata"]["name"]);
        }
    }
    let folders = each(
        &patch["spec"]["template"]["spec"]["containers"][0]["volumeMounts"],
        "mountPath",
    );
    let settings = settings(EXAMPLE);
    let sources = settings.sources();
    let folder_of = |path: &std::path::Path| json!(path.parent().unwrap());
    assert_eq!(folders[0], &json!(sources.models));
    assert_eq!(folders[1], &folder_of(&sources.policy));
    assert_eq!(folders[1], &folder_of(&sources.roster.unwrap()));
}

#[test]
fn the_examples_policy_and_roster_fit_the_sample_model() {
    let sources = Sources {
        models: "models".into(),
        version: None,
        policy: deploy(&format!("{EXAMPLE}/policy.yaml")),
        roster: Some(deploy(&format!("{EXAMPLE}/roster.yaml"))),
    };
    Triage::load(&sources).unwrap();
}

#[test]
fn services_budget_autoscaler_and_network_policy_mean_the_deployment() {
    let manifests = resources(BASE);
    let deployment = of_kind(&manifests, "Deployment");
    let ports: BTreeSet<&str> = each(&container(deployment)["ports"], "name")
        .into_iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let services: Vec<&Value> = manifests
        .iter()
        .filter(|manifest| manifest["kind"] == "Service")
        .collect();
    for service in &services {
        for port in service["spec"]["ports"].as_array().unwrap() {
            assert!(
                ports.contains(port["targetPort"].as_str().unwrap()),
                "{port}"
            );
        }
    }
    // Clients of gRPC see every server.
    let of_grpc = services
        .iter()
        .find(|service| service["spec"]["ports"][0]["name"] == "grpc")
        .unwrap();
    assert_eq!(of_grpc["spec"]["clusterIP"], "None");

    // The label that kustomize gives to all and selects by.
    let label = json!({"app.kubernetes.io/name": "triage"});
    let kustomization = yaml(&format!("{BASE}/kustomization.yaml"));
    assert_eq!(kustomization["labels"][0]["pairs"], label);
    assert_eq!(kustomization["labels"][0]["includeSelectors"], true);
    for (kind, selector) in [
        ("PodDisruptionBudget", "selector"),
        ("NetworkPolicy", "podSelector"),
    ] {
        let manifest = of_kind(&manifests, kind);
        assert_eq!(manifest["spec"][selector]["matchLabels"], label);
    }
    let autoscaler = &of_kind(&manifests, "HorizontalPodAutoscaler")["spec"];
    assert_eq!(
        autoscaler["scaleTargetRef"]["name"],
        deployment["metadata"]["name"]
    );
    assert!(deployment["spec"]["replicas"].is_null(), "two would decide");
    // With one server there is none while it is moved.
    assert!(autoscaler["minReplicas"].as_u64().unwrap() >= 2);
    let policy = of_kind(&manifests, "NetworkPolicy");
    for rule in policy["spec"]["ingress"].as_array().unwrap() {
        for port in each(&rule["ports"], "port") {
            assert!(ports.contains(port.as_str().unwrap()), "{rule}");
        }
    }
    let monitor = resources(EXAMPLE);
    let monitor = &of_kind(&monitor, "ServiceMonitor")["spec"];
    let of_http = services
        .iter()
        .find(|service| service["spec"]["ports"][0]["name"] == monitor["endpoints"][0]["port"])
        .unwrap();
    let component = "app.kubernetes.io/component";
    assert_eq!(
        monitor["selector"]["matchLabels"][component],
        of_http["metadata"]["labels"][component]
    );
}

#[test]
fn the_container_may_do_nothing_that_it_need_not() {
    let manifests = resources(BASE);
    let deployment = of_kind(&manifests, "Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["automountServiceAccountToken"], false);
    let dockerfile = fs::read_to_string("Dockerfile").unwrap();
    let user = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("USER "))
        .unwrap();
    let context = &pod["securityContext"];
    let ours = format!("{}:{}", context["runAsUser"], context["runAsGroup"]);
    assert_eq!(ours, user);
    let container = container(deployment);
    let context = &container["securityContext"];
    assert_eq!(context["readOnlyRootFilesystem"], true);
    assert_eq!(context["allowPrivilegeEscalation"], false);
    assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}));
    assert!(container["resources"]["limits"]["memory"].is_string());
}

#[test]
fn every_file_is_used_and_every_file_used_is_there() {
    for folder in [BASE, EXAMPLE] {
        let kustomization = text(&format!("{folder}/kustomization.yaml"));
        for entry in fs::read_dir(deploy(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(
                name == "kustomization.yaml" || kustomization.contains(&name),
                "{folder}/{name} is not used"
            );
            if name.ends_with(".yaml") {
                assert!(!documents(&format!("{folder}/{name}")).is_empty());
            }
        }
        resources(folder);
    }
}

/// The server as the deployment starts it, but for its addresses.
#[tokio::test(flavor = "multi_thread")]
async fn probes_and_scrapes_are_answered_where_the_manifests_ask() {
    let path = deploy(&format!("{BASE}/triage.toml"));
    let mut command = command(&["--config", argument(&path)]);
    let both = Both::start_as(&mut command).await;
    let manifests = resources(BASE);
    let container = container(of_kind(&manifests, "Deployment"));
    let mut paths = BTreeSet::new();
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let asked = &container[probe]["httpGet"];
        assert_eq!(asked["port"], "http", "{probe}");
        paths.insert(asked["path"].as_str().unwrap().to_owned());
    }
    let monitors = resources(EXAMPLE);
    let endpoint = &of_kind(&monitors, "ServiceMonitor")["spec"]["endpoints"][0];
    paths.insert(endpoint["path"].as_str().unwrap().to_owned());
    assert_eq!(paths.len(), 3);
    for path in paths {
        assert_eq!(both.get(&path).await.status(), StatusCode::OK, "{path}");
    }
}
