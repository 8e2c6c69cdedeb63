// Imported first by every process that runs the broker, before anything loads mqtt-packet.
//
// mqtt-packet calls `debug(…)` several times for every packet, and the library gathers the arguments and compares
// settings before it finds that nobody listens: a tenth of the processor time of QoS 1. Unless DEBUG is set, the
// packages of this process get a `debug` that does nothing.
import { createRequire } from "node:module";

/** What a package that requires `debug` may use of it. */
function silent(): void {}
silent.enabled = false;
silent.extend = (): typeof silent => silent;
silent.destroy = (): boolean => true;

function silence(): void {
  const require = createRequire(createRequire(import.meta.url).resolve("mqtt-packet"));
  const path = require.resolve("debug");
  if (require.cache[path] !== undefined) return; // loaded already: what holds it keeps it
  const factory = Object.assign(() => silent, {
    enable: silent,
    disable: silent,
    enabled: () => false,
    log: silent,
  });
  const loaded = require("node:module") as { new (id: string): NodeJS.Module };
  const module = new loaded(path);
  module.filename = path;
  module.loaded = true;
  module.exports = Object.assign(factory, { default: factory, debug: factory });
  require.cache[path] = module;
}

if (process.env["DEBUG"] === undefined) silence();
