import { Sensors } from "./sensors.js";
import type { Store } from "./stores.js";

export const STREAMS = 1_000;
/** Of each stream: a second's worth at 50,000 readings/s. */
export const READINGS_PER_APPEND = 50;

/** Readings/s of each second. */
export async function appendRates(store: Store, seconds: number): Promise<number[]> {
  const sensors = new Sensors(STREAMS, 20);
  const rates: number[] = [];
  await store.append(sensors.next(READINGS_PER_APPEND)); // warms up
  for (let second = 0; second < seconds; second += 1) {
    let readings = 0;
    let busyMs = 0;
    while (busyMs < 1_000) {
      const batch = sensors.next(READINGS_PER_APPEND);
      const startedAt = performance.now();
      await store.append(batch);
      busyMs += performance.now() - startedAt;
      readings += STREAMS * READINGS_PER_APPEND;
    }
    rates.push((readings / busyMs) * 1_000);
  }
  return rates;
}
