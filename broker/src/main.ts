import "./engine/quiet-debug.js";
import { runMain } from "@fieldmesh/runtime";
import { runBroker } from "./run.js";

runMain("broker", runBroker);
