//! Input that cannot be used: exit code 2 and a message with file, place and what there is instead.

use crate::desk::Desk;
use crate::tickets::{csv, tickets, two_columns};

#[test]
fn a_wrong_column_is_named_with_those_there_are_and_the_nearest() {
    let desk = Desk::new();
    for command in ["check", "fit --models models", "evaluate --models models"] {
        if command.starts_with("evaluate") {
            desk.fit("--activate");
        }
        desk.run(&format!("{command} --data tickets.csv --topic topik"))
            .refused_with(&[
                "tickets.csv: no column 'topik' (for topic): did you mean 'topic'? ",
                "the columns are id, subject, body, topic, urgency, mood",
            ]);
    }
    for (option, purpose) in [
        (
            "--text Body",
            "no column 'Body' (for the text): did you mean 'body'?",
        ),
        (
            "--urgency urgncy",
            "no column 'urgncy' (for urgency): did you mean 'urgency'?",
        ),
        (
            "--facet mood=moood",
            "no column 'moood' (for mood): did you mean 'mood'?",
        ),
    ] {
        desk.run(&format!("check --data tickets.csv {option}"))
            .refused_with(&[purpose]);
    }
    let message = desk
        .run("check --data tickets.csv --topic xyzzy")
        .refused()
        .to_owned();
    assert!(!message.contains("did you mean"), "{message}");
}

#[test]
fn a_byte_that_is_no_text_is_named_with_file_and_line() {
    let desk = Desk::new();
    let mut bytes = csv(&tickets(1)).into_bytes();
    let line_3 = bytes
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .nth(1)
        .unwrap()
        .0
        + 1;
    bytes.insert(line_3, 0xe9);
    desk.write("tickets.csv", bytes);
    for command in ["check", "fit --models models"] {
        desk.run(&format!("{command} --data tickets.csv"))
            .refused_with(&["tickets.csv:3: byte 0xe9 at byte column 1 is not UTF-8"]);
    }
    assert_eq!(desk.names("models"), Vec::<String>::new());
}

#[test]
fn a_file_that_is_missing_or_empty_or_of_an_unknown_kind_is_named() {
    let desk = Desk::new();
    desk.write("empty.csv", "");
    desk.write("header.csv", "subject,body,topic\n");
    desk.write("tickets.xlsx", "PK");
    for (file, expected) in [
        (
            "none.csv",
            "error: none.csv: cannot be read: No such file or directory (os error 2)\n",
        ),
        ("empty.csv", "error: empty.csv: the file is empty"),
        ("header.csv", "error: header.csv: the file has no rows"),
        (
            "tickets.xlsx",
            "error: tickets.xlsx: unknown kind of file: use .csv",
        ),
        (".", "error: .: "),
        // The fault is in the second file.
        ("tickets.csv none.csv", "error: none.csv: cannot be read"),
    ] {
        for command in ["check", "fit --models models"] {
            let run = desk.run(&format!("{command} --data {file}"));
            assert!(run.refused().starts_with(expected), "{run:#?}");
        }
    }
}

#[test]
fn a_facet_is_a_name_and_a_column() {
    let desk = Desk::new();
    for (facet, expected) in [
        (
            "mood",
            "'mood' is not NAME=COLUMN, such as sentiment=sentiment",
        ),
        ("=mood", "'=mood' lacks a name or a column"),
        ("mood=", "'mood=' lacks a name or a column"),
        ("topic=mood", "'topic' is no facet: use --topic mood"),
        ("urgency=mood", "'urgency' is no facet: use --urgency mood"),
        ("a=mood --facet a=topic", "facet 'a' is given twice"),
    ] {
        for command in ["check", "fit --models models"] {
            desk.run(&format!("{command} --data tickets.csv --facet {facet}"))
                .refused_with(&[expected]);
        }
    }
}

#[test]
fn an_unknown_urgency_is_named_with_its_line() {
    let desk = Desk::new();
    let mut rows = tickets(1);
    rows[7].urgency = "asap".to_owned();
    desk.write("tickets.csv", csv(&rows));
    desk.run("fit --data tickets.csv --models models")
        .refused_with(&[
            "tickets.csv:9: unknown urgency 'asap': use one of low, normal, high, urgent",
        ]);
}

#[test]
fn options_that_do_not_exist_are_usage_errors() {
    let desk = Desk::new();
    for (arguments, expected) in [
        ("fit --data tickets.csv", "--models <DIR>"),
        ("fit --models models", "--data <FILE>"),
        (
            "check --data tickets.csv --format xls",
            "invalid value 'xls'",
        ),
        (
            "fit --data tickets.csv --models models --seed many",
            "invalid value 'many'",
        ),
        ("traiin", "unrecognized subcommand 'traiin'"),
    ] {
        desk.run(arguments).refused_with(&[expected]);
    }
}

#[test]
fn data_that_teach_nothing_are_not_trained_on() {
    let desk = Desk::new();
    let one_label = (0..20).map(|n| (format!("text number {n}"), "only/one".to_owned()));
    desk.write("one.csv", two_columns("text,topic", one_label));
    let no_text = (0..20).map(|n| (String::new(), format!("label{}", n % 2)));
    desk.write("blank.csv", two_columns("text,topic", no_text));
    desk.write("unlabelled.csv", "text\nhello there\nhow are you\n");
    for (file, expected) in [
        ("one.csv", "topic has only one label, 'only/one'"),
        ("blank.csv", "no row has both a text and a label for topic"),
        ("unlabelled.csv", "no label column"),
    ] {
        for option in ["", "--drop-rare"] {
            let run = desk.run(&format!("fit --data {file} --models models {option}"));
            run.refused();
            if option.is_empty() {
                run.refused_with(&[expected]);
            }
        }
    }
    assert_eq!(desk.names("models"), Vec::<String>::new());
}

#[test]
fn a_registry_that_cannot_be_written_is_named() {
    let desk = Desk::new();
    desk.write("models", "a file where a folder is to be");
    for models in ["models", "models/below"] {
        desk.run(&format!(
            "fit --data tickets.csv --models {models} --activate"
        ))
        .refused_with(&[&format!("error: {models}: ")]);
    }
    assert_eq!(desk.read("models"), b"a file where a folder is to be");
}
