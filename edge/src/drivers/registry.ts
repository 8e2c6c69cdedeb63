/** Every kind of driver, loaded when a sensor asks for it. A new one is its file and one line here. */
export const DRIVERS = {
  exec: () => import("./exec.js"),
  host: () => import("./host.js"),
  http: () => import("./http.js"),
  mqtt: () => import("./mqtt.js"),
  replay: () => import("./replay.js"),
  simulated: () => import("./simulated.js"),
  w1: () => import("./w1.js"),
} as const;

export type DriverKind = keyof typeof DRIVERS;
