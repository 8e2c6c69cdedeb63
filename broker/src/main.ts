import "./engine/quiet-debug.js";
import { runMain } from "@fieldmesh/runtime";
import { startBroker } from "./broker.js";
import { readBrokerConfig } from "./config.js";

runMain("broker", ({ env, log }) => startBroker(readBrokerConfig(env), { log }));
