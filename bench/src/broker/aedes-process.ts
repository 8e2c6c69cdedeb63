// Bare Aedes on TCP, as its documentation starts it, without limits of concurrency.
import { createServer } from "node:net";
import { Aedes } from "aedes";

const broker = await Aedes.createBroker({ concurrency: 0 });
createServer(broker.handle).listen(Number(process.argv[2]), "127.0.0.1");
