// A Fluentd of @fluent-org/logger's, with TLS: each event becomes a JSON line. It acks at once.
//
//     node receiver_node.js PORT EVENTS [CERTIFICATE KEY]
"use strict";

const fs = require("fs");
const { FluentServer } = require("@fluent-org/logger");

const [port, events, certificate, key] = process.argv.slice(2);
const out = fs.openSync(events, "a");
const tlsOptions = certificate ? { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) } : undefined;
const server = new FluentServer({ listenOptions: { host: "127.0.0.1", port: Number(port) }, tlsOptions });

server.on("entry", (tag, time, record) => {
  const at = typeof time === "object" ? [time.epoch, time.nano] : [time, 0];
  fs.writeSync(out, JSON.stringify({ tag, time: at, record }) + "\n");
});
server.listen().then(() => console.log("ready"));
process.on("SIGTERM", () => server.close().then(() => process.exit(0)));
