//! `--report` and `--learning-curve`: a page that stands alone, whole or not at all.

use std::fs;

use crate::desk::{Desk, keys, number};
use crate::tickets::{csv, tickets};

const FIT: &str = "fit --data tickets.csv --facet mood=mood --models models";

fn page(desk: &Desk, name: &str) -> String {
    String::from_utf8(desk.read(name)).unwrap()
}

#[test]
fn a_fit_writes_a_page_that_stands_alone() {
    let desk = Desk::new();
    let run = desk.run(&format!("{FIT} --activate --report fit.html --json"));
    let report = run.json();
    let version = report["version"].as_str().unwrap();
    assert!(report.get("learning_curve").is_none());
    let html = page(&desk, "fit.html");
    for part in [
        version,
        "out of fold",
        "dealt into 5 parts",
        "tickets.csv",
        "120",
        "account/login",
        "Confusion matrix of topic",
        "Confusion matrix of mood",
        "Top level missed",
    ] {
        assert!(html.contains(part), "no {part:?}");
    }
    for forbidden in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    // Tickets by id alone.
    for ticket in tickets(1) {
        assert!(!html.contains(&ticket.body), "{}", ticket.id);
    }
    assert!(!html.contains("Would more tickets help?"));
    // Nothing but the page is added, and nothing to the bundle.
    assert_eq!(desk.names("."), ["fit.html", "models", "tickets.csv"]);
    assert_eq!(desk.names(&format!("models/{version}")).len(), 4);

    let first = desk.read("fit.html");
    desk.run(&format!("{FIT} --report fit.html")).done();
    assert!(first == desk.read("fit.html"), "same input, same bytes");
}

#[test]
fn an_evaluation_writes_a_page_and_warns_on_it_of_tickets_learned_from() {
    let desk = Desk::new();
    desk.write("held_out.csv", csv(&tickets(2)));
    let version = desk.fit("--activate");
    let run = "evaluate --models models --report page.html --data";
    assert!(
        desk.run(&format!("{run} held_out.csv"))
            .done()
            .starts_with("version ")
    );
    let html = page(&desk, "page.html");
    assert!(html.contains(&version) && html.contains("held_out.csv"));
    assert!(html.contains("did <strong>not</strong> learn from"));
    assert!(!html.contains("out of fold"));
    desk.run(&format!("{run} tickets.csv")).done();
    let html = page(&desk, "page.html");
    assert!(html.contains("This model learned from tickets.csv."));
    assert!(
        !html.contains("held_out.csv"),
        "the old page is gone as a whole"
    );
}

#[test]
fn an_evaluation_with_texts_out_of_scope_has_them_on_its_page() {
    let desk = Desk::new();
    desk.write("held_out.csv", csv(&tickets(2)));
    desk.write("outside.csv", "text\nthe moon is high\nwinter is near\n");
    desk.fit("--activate");
    let run = "evaluate --models models --report page.html --data held_out.csv --json";
    let report = desk.run(&format!("{run} --out-of-scope outside.csv"));
    let outside = &report.json()["out_of_scope"];
    let html = page(&desk, "page.html");
    let auroc = format!("AUROC {:.3}:", number(&outside["auroc"]));
    let rejected = format!("{:.1}\u{a0}%", number(&outside["rejected"]) * 100.0);
    for part in ["Texts out of scope", "of 2\u{a0}texts", &auroc, &rejected] {
        assert!(html.contains(part), "no {part:?}");
    }
    assert!(!html.contains("moon"));
    desk.run(run).done();
    assert!(!page(&desk, "page.html").contains("Texts out of scope"));
}

#[test]
fn tickets_are_named_as_they_stand_in_the_file() {
    let desk = Desk::new();
    desk.fit("--activate");
    // Two texts are empty, so rows and lines part ways; without a model's words all go wrong alike.
    let mut text = String::from("text,topic\n,account/login\n");
    for line in 3..12 {
        text.push_str(&format!(
            "invoice vat receipt tax number {line},account/login\n"
        ));
    }
    text.push_str(" ,account/login\n");
    desk.write("wrong.csv", &text);
    let run = "evaluate --models models --data wrong.csv --report page.html";
    desk.run(run).done();
    let html = page(&desk, "page.html");
    assert!(html.contains("<code>wrong.csv:3</code>"), "{html}");
    for absent in ["wrong.csv:1<", "wrong.csv:2<", "wrong.csv:12<"] {
        assert!(!html.contains(absent), "{absent}");
    }
    let with_ids = text
        .replace("text,topic", "text,topic,id")
        .replace("login\n", "login,X-7\n");
    desk.write("wrong.csv", with_ids);
    desk.run(run).done();
    assert!(page(&desk, "page.html").contains("<code>X-7</code>"));
}

#[test]
fn the_learning_curve_is_printed_and_drawn() {
    let desk = Desk::new();
    let run = desk.run(&format!("{FIT} --learning-curve --json"));
    let curve = &run.json()["learning_curve"];
    assert_eq!(keys(curve), ["heads", "held_out", "points"]);
    assert_eq!(
        curve["heads"],
        serde_json::json!(["topic", "urgency", "mood"])
    );
    let points = curve["points"].as_array().unwrap();
    let rows: Vec<f64> = points.iter().map(|point| number(&point["rows"])).collect();
    assert_eq!(points.len(), 5);
    assert!(
        rows.is_sorted() && rows[0] >= 50.0 && rows[4] < 120.0,
        "{rows:?}"
    );
    for point in points {
        for accuracy in point["accuracy"].as_array().unwrap() {
            assert!((0.0..=1.0).contains(&number(accuracy)));
        }
    }
    let run = desk.run(&format!("{FIT} --learning-curve --report page.html"));
    let printed = run.done();
    assert!(
        printed.contains("learning curve: accuracy on the same "),
        "{printed}"
    );
    assert!(page(&desk, "page.html").contains("Would more tickets help?"));
}

#[test]
fn where_no_page_can_be_written_nothing_is_done() {
    let desk = Desk::new();
    desk.write("other.html", "not mine");
    fs::create_dir(desk.path("folder.html")).unwrap();
    for (file, parts) in [
        (
            "nowhere/page.html",
            ["nowhere: there is no such folder", "make it first"],
        ),
        (
            "tickets.csv",
            ["tickets.csv: the report is a web page", "FILE.html"],
        ),
        ("folder.html", ["folder.html: is a folder", "name a file"]),
        (
            "other.html/page.html",
            ["other.html: there is no such folder", "make it"],
        ),
    ] {
        desk.run(&format!("{FIT} --report {file}"))
            .refused_with(&parts);
        assert_eq!(desk.names("models"), Vec::<String>::new(), "{file}");
    }
    desk.fit("--activate");
    desk.run("evaluate --models models --data tickets.csv --report nowhere/page.html")
        .refused_with(&["nowhere: there is no such folder"]);
    assert_eq!(desk.read("other.html"), b"not mine");
}

#[test]
fn the_tickets_are_never_overwritten() {
    let desk = Desk::new();
    desk.write("tickets.html", csv(&tickets(1)));
    let before = desk.read("tickets.html");
    let run = "fit --data tickets.html --format csv --models models --report";
    for same in ["tickets.html", "./tickets.html", "models/../tickets.html"] {
        fs::create_dir_all(desk.path("models")).unwrap();
        desk.run(&format!("{run} {same}"))
            .refused_with(&["tickets.html: holds the tickets"]);
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(desk.path("tickets.html"), desk.path("link.html")).unwrap();
        desk.run(&format!("{run} link.html"))
            .refused_with(&["holds the tickets"]);
    }
    assert!(before == desk.read("tickets.html"));
    assert_eq!(desk.names("models"), Vec::<String>::new());
}
