// forward.mjs FILE: SQS events, one a line, to PutRecords by the SDK for JavaScript.
import { createReadStream } from "node:fs";
import { Agent } from "node:http";
import { createInterface } from "node:readline";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const cpuUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const client = new KinesisClient({
  requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true, maxSockets: 50 }) }),
});
const setup = cpuUs();
const began = performance.now();
let sent = 0;
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  const records = JSON.parse(line).Records.map(({ body }) => ({
    Data: Buffer.from(body),
    PartitionKey: JSON.parse(body).session_id,
  }));
  for (let at = 0; at < records.length; at += 500) {
    const part = records.slice(at, at + 500);
    const reply = await client.send(new PutRecordsCommand({ StreamName: "searches", Records: part }));
    sent += part.length - reply.FailedRecordCount;
  }
}
console.log(JSON.stringify({
  sent,
  setup_cpu_us: setup,
  work_cpu_us: cpuUs() - setup,
  wall_ms: Math.round(performance.now() - began),
  peak_kib: process.resourceUsage().maxRSS,
}));
