// The embedded broker alone, as `fieldmesh broker` runs it.
import { runBroker } from "@fieldmesh/broker/run";

await runBroker({ env: { MQTT_PORT: process.argv[2], MQTT_WS_PORT: "0" } });
