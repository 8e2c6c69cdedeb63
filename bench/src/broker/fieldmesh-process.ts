// The embedded broker alone, as `fieldmesh broker` runs it; listeners and certificate come from the environment.
import { runBroker } from "@fieldmesh/broker/run";

const { MQTT_PORT, MQTT_TLS_PORT, MQTT_WS_PORT, TLS_CERT, TLS_KEY } = process.env;
await runBroker({ env: { MQTT_PORT, MQTT_TLS_PORT, MQTT_WS_PORT, TLS_CERT, TLS_KEY } });
