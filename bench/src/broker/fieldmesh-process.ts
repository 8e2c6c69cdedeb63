// The embedded broker alone, with the defaults that `fieldmesh broker` gives it.
import { startBroker } from "@fieldmesh/broker";

await startBroker({ host: "127.0.0.1", port: Number(process.argv[2]) });
