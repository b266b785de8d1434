// Routes one ticket by a running triage server.
//
//   cd clients/node && npm install
//   node client.js 127.0.0.1:50051 "my parcel says delivered but nothing came"

import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const [address, text] = process.argv.slice(2);
if (!address || !text) {
  console.error("usage: node client.js HOST:PORT TEXT");
  process.exit(2);
}
const proto = fileURLToPath(new URL("../../proto", import.meta.url));
const definition = protoLoader.loadSync("triage/v1/triage_service.proto", {
  includeDirs: [proto],
  keepCase: true,
  enums: String,
  defaults: true,
});
const { triage } = grpc.loadPackageDefinition(definition);
const client = new triage.v1.TriageService(address, grpc.credentials.createInsecure());
const ticket = { id: "example-1", channel: "CHANNEL_CHAT", body: text };

client.Route({ ticket }, { deadline: Date.now() + 5000 }, (error, answer) => {
  if (error) {
    console.error(`${grpc.status[error.code]}: ${error.details}`);
    process.exitCode = 1;
  } else {
    const { topic, urgency } = answer.classification;
    const { queue, rule, priority, required_skills, agent_id } = answer.decision;
    console.log(`topic ${topic.label}, urgency ${urgency.label}`);
    console.log(`queue ${queue}, rule ${rule}, priority ${priority}`);
    console.log("skills", required_skills, "agent", agent_id || "nobody is eligible now");
  }
  client.close();
});
