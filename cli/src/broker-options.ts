import { type Command, Option } from "commander";
import { duration } from "./options.js";

/** Options of every command that talks to the broker, as commander gives them. */
export interface BrokerOptions {
  url?: string;
  host?: string;
  port?: string;
  username?: string;
  password?: string;
  cafile?: string;
  id?: string;
  connectTimeout: number;
}

/** Adds them. The short forms are Mosquitto's. */
export function addBrokerOptions(command: Command): Command {
  return command
    .option(
      "-L, --url <url>",
      "broker: mqtt://, mqtts://, ws:// or wss:// (MQTT_URL; default mqtt://127.0.0.1:1883)",
    )
    .option("-h, --host <host>", "broker's host, instead of a URL")
    .option("-p, --port <port>", "broker's port; 8883 means TLS")
    .option("-u, --username <name>", "user at the broker (MQTT_USERNAME)")
    .option("-P, --password <password>", "its password; better MQTT_PASSWORD, which `ps` does not show")
    .option("--cafile <file>", "certificates (PEM) to check the broker's against (MQTT_CA)")
    .option("-i, --id <id>", "client id (default: a new one)")
    .addOption(
      new Option("--connect-timeout <time>", "give up when no broker has answered for this long")
        .argParser(duration)
        .default(10_000, "10s"),
    );
}
