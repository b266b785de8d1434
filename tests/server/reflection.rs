//! Reflection: a client that has no files of the protocol can ask for them.

use prost::Message;
use prost_types::FileDescriptorProto;
use tonic::transport::Channel;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::running::Server;

async fn ask(
    client: &mut ServerReflectionClient<Channel>,
    request: MessageRequest,
) -> MessageResponse {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    };
    let answers = client.server_reflection_info(tokio_stream::once(request));
    let answer = answers.await.unwrap().into_inner().message().await;
    answer.unwrap().unwrap().message_response.unwrap()
}

fn files(response: MessageResponse) -> Vec<FileDescriptorProto> {
    let MessageResponse::FileDescriptorResponse(files) = response else {
        panic!("{response:?}");
    };
    files
        .file_descriptor_proto
        .iter()
        .map(|bytes| FileDescriptorProto::decode(bytes.as_slice()).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_lists_the_services_and_describes_them() {
    let server = Server::start(&[]).await;
    let mut client = ServerReflectionClient::new(server.channel().await);
    let response = ask(&mut client, MessageRequest::ListServices(String::new())).await;
    let MessageResponse::ListServicesResponse(listed) = response else {
        panic!("{response:?}");
    };
    let names: Vec<&str> = listed.service.iter().map(|s| s.name.as_str()).collect();
    for expected in ["triage.v1.TriageService", "grpc.health.v1.Health"] {
        assert!(names.contains(&expected), "{names:?}");
    }

    let symbol = MessageRequest::FileContainingSymbol("triage.v1.TriageService".to_owned());
    let found = files(ask(&mut client, symbol).await);
    let file = found
        .iter()
        .find(|file| file.name() == "triage/v1/triage_service.proto")
        .unwrap();
    let methods: Vec<&str> = file.service[0].method.iter().map(|m| m.name()).collect();
    assert_eq!(methods[..2], ["Classify", "Route"]);
    for needed in &file.dependency {
        let name = MessageRequest::FileByFilename(needed.clone());
        let found = files(ask(&mut client, name).await);
        assert!(found.iter().any(|file| file.name() == needed), "{needed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_of_what_there_is_not_is_an_error_in_the_answer() {
    let server = Server::start(&[]).await;
    let mut client = ServerReflectionClient::new(server.channel().await);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::FileContainingSymbol("no.Such".to_owned())),
    };
    let stream = client.server_reflection_info(tokio_stream::once(request));
    match stream.await.unwrap().into_inner().message().await {
        Err(refused) => assert_eq!(refused.code(), tonic::Code::NotFound),
        Ok(answer) => {
            let response = answer.unwrap().message_response.unwrap();
            assert!(matches!(response, MessageResponse::ErrorResponse(_)));
        }
    }
}
