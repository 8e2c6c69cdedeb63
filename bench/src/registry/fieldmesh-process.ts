// The registry alone, as `fieldmesh registry` runs it, on the embedded store; everything comes from the environment.
import { runRegistry } from "@fieldmesh/mesh-registry";
import { createLog } from "@fieldmesh/runtime";

const { DATA_DIR, HOST, REGISTRY_PORT, MQTT_URL } = process.env;
await runRegistry({
  env: { DATA_DIR, HOST, REGISTRY_PORT, MQTT_URL },
  log: createLog("registry", { level: "info" }),
});
