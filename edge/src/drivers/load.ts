import type { DriverConfig } from "../config/types.js";
import type { DriverModule } from "./driver.js";
import { DRIVERS, type DriverKind } from "./registry.js";

export function isDriverKind(kind: string): kind is DriverKind {
  return Object.hasOwn(DRIVERS, kind);
}

/** Loads one driver's code, and no other's: a worker holds only what its sensor needs. */
export async function loadDriver(kind: DriverConfig["kind"]): Promise<DriverModule<Record<string, unknown>>> {
  if (!isDriverKind(kind)) {
    throw new TypeError(`driver ${JSON.stringify(kind)}: expected one of ${Object.keys(DRIVERS).join(", ")}`);
  }
  const { driver } = await DRIVERS[kind]();
  // Each module takes the options that its own schema has parsed; the configuration pairs them.
  return driver as unknown as DriverModule<Record<string, unknown>>;
}
