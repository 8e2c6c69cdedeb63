import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../clock.js";
import { loadDriver } from "../drivers/load.js";
import type { FromWorker, ToWorker, WorkerStart } from "../worker-messages.js";
import { SensorRun } from "./sensor-run.js";

// A sensor's thread. What it throws ends it, and the node replaces it: nothing is caught here to carry on.
const port = parentPort;
if (port === null) throw new Error("this module is a worker thread of an edge node: it does not run alone");

const run = new SensorRun(workerData as WorkerStart, {
  post: (message: FromWorker) => {
    port.postMessage(message);
    if (message.type === "fatal") process.exit(1);
  },
  clock: systemClock,
  loadDriver,
});

port.on("message", (message: ToWorker) => {
  run.receive(message);
  if (message.type === "stop") void run.stop().finally(() => process.exit(0));
});
run.start();
