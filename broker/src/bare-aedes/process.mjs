// Bare Aedes as its documentation starts it. It refuses subscriptions below "refused/". With the paths of a certificate
// and a key as arguments it listens with TLS and on a WebSocket too. Tells its ports by IPC.
import { readFileSync } from "node:fs";
import { createServer as createWebServer } from "node:https";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Aedes } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";

process.on("disconnect", () => process.exit()); // its test has ended, however that was
const aedes = await Aedes.createBroker({
  authorizeSubscribe: (_client, subscription, done) =>
    done(null, subscription.topic.startsWith("refused/") ? null : subscription),
});
const servers = { port: createServer(aedes.handle) };
const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
if (cert !== undefined) {
  servers.tlsPort = createTlsServer({ cert, key }, aedes.handle);
  servers.wsPort = createWebServer({ cert, key });
  const webSockets = new WebSocketServer({ server: servers.wsPort });
  webSockets.on("connection", (socket) => aedes.handle(createWebSocketStream(socket)));
}
const ports = {};
for (const [name, server] of Object.entries(servers)) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  ports[name] = server.address().port;
}
process.send(ports);
