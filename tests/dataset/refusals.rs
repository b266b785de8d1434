//! A file that cannot be used is refused with its name, the line and what to do.

use triage::dataset::{Columns, Dataset, Format};

use crate::{columns, failure};

#[test]
fn bad_files_are_refused_with_place_and_remedy() {
    let usual = Columns::default();
    let cases: &[(&str, &[u8], &str)] = &[
        ("a.csv", b"", "a.csv: the file is empty"),
        ("a.csv", b"\xef\xbb\xbf", "a.csv: the file is empty"),
        ("a.csv", b"\r\n\r\n", "a.csv: the file is empty"),
        ("a.csv", b"text,topic\n", "a.csv: the file has no rows"),
        ("a.jsonl", b" \n", "a.jsonl: the file has no rows"),
        ("a.json", b"[]", "a.json: the file has no rows"),
        (
            "a.csv",
            b"text,topic\nok,a\nna\xefve,b\n",
            "a.csv:3: byte 0xef at byte column 3 is not UTF-8: save the file as UTF-8",
        ),
        (
            "a.csv",
            b"text,topic,x\nok,a,\xff\n",
            "a.csv:2: byte 0xff at byte column 6 is not UTF-8",
        ),
        (
            "a.csv",
            b"text\nok\xe2\x82",
            "a.csv:2: byte 0xe2 at byte column 3 is not UTF-8",
        ),
        (
            "a.jsonl",
            b"{\"text\":\"a\"}\n{\"text\":\"\xe4\"}\n",
            "a.jsonl:2: byte 0xe4 at byte column 10 is not UTF-8",
        ),
        ("a.csv", b"\xff\xfet\0e\0", "a.csv: the file is in UTF-16"),
        (
            "a.csv",
            b"text\nok\na\0b\n",
            "a.csv:3: NUL byte at byte column 2",
        ),
        (
            "a.jsonl",
            br#"{"text":"a\u0000b"}"#,
            "a.jsonl:1: NUL byte: ",
        ),
        (
            "a.csv",
            b"text,topic,text\na,b,c\n",
            "a.csv: columns 1 and 3 are both called 'text'",
        ),
        (
            "a.csv",
            b"text,topic\n\n\na,b\nc,d,e\n",
            "a.csv:5: the header has 2 fields, the row that starts here 3",
        ),
        (
            "a.csv",
            b"text,topic\r\na,b\r\nc\r\n",
            "a.csv:3: the header has 2 fields, the row that starts here 1",
        ),
        (
            "a.csv",
            b"text,topic\na,b\n\"c,d\ne,f\n",
            "a.csv:3: a quote in the row that starts here is never closed",
        ),
        (
            "a.csv",
            b"topic,text\na,b\nc,\"d\ne,f\n",
            "a.csv:3: a quote in the row that starts here is never closed",
        ),
        (
            "a.csv",
            b"a,b\n1,2\n",
            "a.csv: which column holds the text? Name it by `--text`: the columns are a, b",
        ),
        (
            "a.csv",
            b"text,urgency\na,low\nb,asap\n",
            "a.csv:3: unknown urgency 'asap': use one of low, normal, high, urgent",
        ),
        (
            "a.jsonl",
            b"{\"text\":\"a\"}\n\n\"b\"\n",
            "a.jsonl:3: expected a JSON object with a key for each column, found a string",
        ),
        (
            "a.jsonl",
            b"{\"text\":\"a\"}\n7\n",
            "a.jsonl:2: expected a JSON object with a key for each column, found a number",
        ),
        (
            "a.json",
            b"[{\"text\":\"a\"},\n[1]]",
            "a.json:2: expected a JSON object with a key for each column, found an array",
        ),
        (
            "a.jsonl",
            b"{\"text\":\"a\"}\n{\"text\":\"b\"\n{\"text\":\"c\"}\n",
            "a.jsonl:2: the record that starts here is not valid JSON: ",
        ),
        (
            "a.jsonl",
            b"{\"text\":\"a\"}\n{\"text\":",
            "a.jsonl:2: the record that starts here is not valid JSON: EOF",
        ),
        (
            "a.jsonl",
            b"{\"text\":\"a\"}\n{\"text\":5}\n",
            "a.jsonl:2: 'text' must be a string, found a number",
        ),
        (
            "a.jsonl",
            b"{\"text\":\"a\",\"topic\":[\"x\"]}\n",
            "a.jsonl:1: 'topic' must be a string, a number or true or false, found an array",
        ),
        (
            "a.jsonl",
            b"{\"x\":\"a\"}\n",
            "a.jsonl: which column holds the text?",
        ),
        ("a.xlsx", b"PK", "a.xlsx: unknown kind of file: use .csv"),
        (
            "a.csv.gz",
            b"\x1f\x8b",
            "a.csv.gz: unknown kind of file: decompress it first",
        ),
    ];
    for (name, bytes, expected) in cases {
        let message = failure(name, bytes, &usual);
        assert!(message.starts_with(expected), "{message}\nnot {expected}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Dataset::read(&["/nowhere/a.csv".into()], None, &Columns::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/nowhere/a.csv: cannot be read: "),
        "{error}"
    );
    let folder = tempfile::tempdir().unwrap();
    let error = Dataset::read(
        &[folder.path().into()],
        Some(Format::Csv),
        &Columns::default(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
    let error = Dataset::read(&[], None, &Columns::default()).unwrap_err();
    assert_eq!(error.to_string(), "no data file given: name at least one");
}

#[test]
fn a_missing_column_names_those_there_are() {
    for (name, text) in [
        ("a.csv", "text,category\na,b\n"),
        ("a.jsonl", "{\"text\":\"a\",\"category\":\"b\"}\n"),
    ] {
        let message = failure(name, text, &columns(&[], Some("Categori"), &[]));
        assert_eq!(
            message,
            format!(
                "{name}: no column 'Categori' (for topic): did you mean 'category'? the columns are text, category"
            )
        );
    }
}
