// @fluent-org/logger's client: sends events 0 to COUNT - 1 in Forward mode with acks, and tries again until each is acked.
//
//     node sender_node.js PORT TAG COUNT [CA]
"use strict";

const fs = require("fs");
const { FluentClient } = require("@fluent-org/logger");

const [port, tag, count, ca] = process.argv.slice(2);
const socket = { host: "127.0.0.1", port: Number(port), timeout: 10000 };
if (ca) {
  socket.tls = { ca: fs.readFileSync(ca) };
}
const client = new FluentClient(tag, {
  socket,
  eventMode: "Forward",
  ack: { ackTimeout: 2000 },
  eventRetry: { attempts: 100, minDelay: 50, maxDelay: 200 },
});
// One after the other, so that each is a chunk of its own.
(async () => {
  for (let i = 0; i < Number(count); i++) {
    await client.emit({ number: i, text: "größer", nested: { list: [1, 2.5, true, null] } });
  }
  await client.disconnect();
  console.log("sent");
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
