import { signal } from "@preact/signals";
import { ROOT, readList } from "./request.js";
import type { Subscription } from "./types.js";

/** How many requests for access wait for the user's decision. */
export const waiting = signal(0);

/** Counts them; fails as the registry does. */
export async function countWaiting(ending?: AbortSignal): Promise<number> {
  const { total } = await readList<Subscription>(`${ROOT}/subscriptions/inbox?limit=1`, ending);
  waiting.value = total;
  return total;
}
