import { type Appended, type Sample, StoreAwayError } from "@fieldmesh/storage";
import { openStores, type Stores } from "../stores.js";

/** A real store that can be told not to take readings, or to take its time. */
export class FailingStores {
  away = false;
  /** Each append waits for it. */
  gate: Promise<void> | undefined;

  readonly open = async (...args: Parameters<typeof openStores>): Promise<Stores> => {
    const stores = await openStores(...args);
    const { series } = stores;
    const append = series.append.bind(series);
    series.append = async (batch: ReadonlyMap<string, readonly Sample[]>): Promise<Map<string, Appended>> => {
      await this.gate;
      if (this.away) throw new StoreAwayError("test", "told so");
      return await append(batch);
    };
    return stores;
  };
}
