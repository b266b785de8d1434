//! Files that a call names lie below one folder, or are not read.

use std::os::unix::fs::symlink;

use tonic::transport::Channel;
use tonic::{Code, Status};
use triage::grpc::v1;
use triage::grpc::v1::model_service_client::ModelServiceClient;

use crate::desk::{Desk, begin, client, ended, example, options, violations};
use crate::running::Server;
use crate::tickets::{csv, tickets};

fn naming(learned: &str) -> v1::TrainingOptions {
    v1::TrainingOptions {
        files: Some(v1::TrainingFiles {
            learned: vec![learned.to_owned()],
            ..v1::TrainingFiles::default()
        }),
        ..options()
    }
}

async fn refused(client: &mut ModelServiceClient<Channel>, options: v1::TrainingOptions) -> Status {
    begin(client, options, Vec::new()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_outside_of_the_folder_is_refused_however_it_is_named() {
    let desk = Desk::new();
    desk.write("outside.csv", &csv(&tickets(1)));
    symlink("../outside.csv", desk.path("data/link.csv")).unwrap();
    symlink("..", desk.path("data/up")).unwrap();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let absolute = desk.path("outside.csv").display().to_string();
    for name in [
        "../outside.csv",
        "./../data/../outside.csv",
        "link.csv",
        "up/outside.csv",
        absolute.as_str(),
        "nowhere.csv",
        "",
    ] {
        let status = refused(&mut client, naming(name)).await;
        let found = violations(&status, Code::InvalidArgument);
        assert_eq!(found, ["options.files.learned[0]"], "{name}: {status:?}");
    }
    assert_eq!(desk.versions(), std::slice::from_ref(&desk.active));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_in_the_settings_no_file_is_read() {
    let desk = Desk::new();
    let server = Server::start_as(desk.command().env_remove("TRIAGE_TRAINING__DATA_FOLDER")).await;
    let mut client = client(&server).await;
    let status = refused(&mut client, naming("tickets.csv")).await;
    violations(&status, Code::InvalidArgument);
    assert!(
        status.message().contains("training.data_folder"),
        "{status:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_tickets_do_not_go_together_and_large_files_are_refused() {
    let desk = Desk::new();
    let server = Server::start_as(desk.command().env("TRIAGE_TRAINING__MAX_BYTES", "5000")).await;
    let mut client = client(&server).await;
    let status = refused(&mut client, naming("tickets.csv")).await;
    assert_eq!(
        violations(&status, Code::ResourceExhausted),
        ["options.files"]
    );
    desk.write("data/small.csv", "text,topic\nhello,a\n");
    let sent = tickets(1).iter().take(1).map(example).collect();
    let status = begin(&mut client, naming("small.csv"), sent)
        .await
        .unwrap_err();
    assert_eq!(violations(&status, Code::InvalidArgument), ["examples"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_fails_the_job_with_file_and_line() {
    let desk = Desk::new();
    desk.write(
        "data/broken.csv",
        "text,topic,mood\nhello,a,glad\nhello,a\n",
    );
    let server = desk.start().await;
    let mut client = client(&server).await;
    let begun = begin(&mut client, naming("broken.csv"), Vec::new())
        .await
        .unwrap();
    let job = ended(&mut client, &begun.id).await;
    assert_eq!(job.state(), v1::TrainingState::Failed);
    assert!(job.error.contains("broken.csv:3"), "{job:?}");
}
