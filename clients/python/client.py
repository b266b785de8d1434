"""Classifies and routes one ticket by a running triage server.

    pip install grpcio-tools googleapis-common-protos
    python -m grpc_tools.protoc -I proto --python_out=clients/python --grpc_python_out=clients/python \
        proto/triage/v1/*.proto
    python clients/python/client.py 127.0.0.1:50051 "my parcel says delivered but nothing came"
"""

import sys

import grpc

from triage.v1 import ticket_pb2, triage_service_pb2, triage_service_pb2_grpc


def main():
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} HOST:PORT TEXT")
    address, text = sys.argv[1:]
    ticket = ticket_pb2.Ticket(id="example-1", channel=ticket_pb2.CHANNEL_CHAT, body=text)
    with grpc.insecure_channel(address) as channel:
        triage = triage_service_pb2_grpc.TriageServiceStub(channel)
        try:
            classified = triage.Classify(
                triage_service_pb2.ClassifyRequest(ticket=ticket), timeout=5
            ).classification
            routed = triage.Route(
                triage_service_pb2.RouteRequest(ticket=ticket), timeout=5
            ).decision
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    print(f"topic   {classified.topic.label} ({classified.topic.confidence:.0%})")
    print(f"urgency {classified.urgency.label} ({classified.urgency.confidence:.0%})")
    print(f"queue   {routed.queue}, rule {routed.rule}, priority {routed.priority}")
    print(f"skills  {dict(routed.required_skills)}")
    print(f"agent   {routed.agent_id or 'nobody is eligible now'}")


if __name__ == "__main__":
    main()
