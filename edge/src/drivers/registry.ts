/** Every kind of driver, loaded when a sensor asks for it. A new one is its file and one line here. */
export const DRIVERS = {
  simulated: () => import("./simulated.js"),
} as const;

export type DriverKind = keyof typeof DRIVERS;
