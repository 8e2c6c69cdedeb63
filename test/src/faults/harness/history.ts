import { isDeepStrictEqual } from "node:util";
import type { HistorianProcess } from "./historian.js";
import { HOLDS_WITHIN_MS } from "./identity.js";
import { pause } from "./pause.js";
import type { Witness } from "./witness.js";

const LOOK_EVERY_MS = 250;
/** Readings on their way into the store at any moment. */
const ON_THE_WAY = 200;
/** The last 500 ms of a sensor before its node was killed, and some. */
const UNWRITTEN = 15;

export interface HistoryCheck {
  historian: HistorianProcess;
  witness: Witness;
  node: string;
  sensors: readonly string[];
  /** What the fault may cost: then only the account must hold, not every reading be there. */
  mayDrop: boolean;
  /** Nothing is read any more: what came must be in the store to the last reading. */
  still: boolean;
}

/**
 * Waits until what the historian keeps is what was read minus what its ledger explains, for every sensor and boot:
 * its account adds up; as many readings are kept as it says; each that the witness saw too is kept with its time and
 * value; and the entries of its ledger add up to the account's terms.
 * @throws with what is wrong and the historian's last words, after {@link HOLDS_WITHIN_MS}
 */
export async function historyHolds(check: HistoryCheck): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const wrong = await whatIsWrong(check).catch((error: unknown) => [String(error)]);
    if (wrong.length === 0) return;
    if (performance.now() - begun > HOLDS_WITHIN_MS) {
      const words = check.historian.lines.slice(-25).join("\n");
      throw new Error(`the history does not hold:\n${wrong.join("\n")}\n--- the historian said:\n${words}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}

async function whatIsWrong(check: HistoryCheck): Promise<string[]> {
  const wrong: string[] = [];
  for (const sensor of check.sensors) wrong.push(...(await wrongOf(sensor, check)));
  return wrong;
}

async function wrongOf(
  sensor: string,
  { historian, witness, node, mayDrop, still }: HistoryCheck,
): Promise<string[]> {
  const stream = `env_${node}_${sensor}`;
  // The account first: what is stored between the two reads makes the second greater, never less.
  const account = await historian.account(stream);
  const kept = await historian.stored(stream);
  const entries = await historian.losses(stream);
  if (account.length === 0) return [`${sensor}: the historian knows nothing of it`];
  const newest = Math.max(...account.map(({ boot }) => boot));
  const wrong: string[] = [];
  for (const row of account) {
    const of = kept.get(row.boot) ?? new Map();
    const unexplained = entries
      .filter((entry) => entry.boot === row.boot && entry.explanation === "unknown")
      .map((entry) => `${entry.from}..${entry.to}`);
    const say = (what: string) =>
      wrong.push(`${sensor}@${row.boot}: ${what}: ${JSON.stringify(row)}; unknown ${unexplained.join(", ")}`);
    const current = row.boot === newest;
    const onTheWay = current && !still ? ON_THE_WAY : 0;
    const { countedFrom, lastSeq, stored, dropped, held, unknown } = row;
    if (lastSeq - countedFrom + 1 !== stored + dropped + held + unknown) say("its account does not add up");
    const counted = [...of.keys()].filter((seq) => seq >= countedFrom && seq <= lastSeq).length;
    if (Math.abs(counted - stored) > onTheWay) say(`${counted} readings are kept`);
    if (held > onTheWay) say("still held");
    if (!mayDrop && dropped > 0) say("dropped");
    if (!mayDrop && unknown > (current ? 0 : UNWRITTEN)) say("unknown");
    const sum = (explanation: string) =>
      entries
        .filter((entry) => entry.boot === row.boot && entry.explanation === explanation)
        .reduce((count, entry) => count + entry.count, 0);
    if (sum("dropped") !== dropped) say(`its ledger explains ${sum("dropped")} as dropped`);
    if (onTheWay === 0 && sum("unknown") !== unknown) say(`its ledger explains ${sum("unknown")} as unknown`);
    if (sum("late") < row.late) say(`its ledger explains ${sum("late")} as late`);
    if (sum("recovered") < row.recovered) say(`its ledger explains ${sum("recovered")} as recovered`);
    for (const [seq, seen] of witness.readings(node, sensor, row.boot)) {
      if (seq < countedFrom || seq > lastSeq - onTheWay) continue;
      const there = of.get(seq);
      if (there === undefined) {
        if (!mayDrop) say(`${seq} is not kept`);
      } else if (!isDeepStrictEqual({ timestamp: there.timestamp, value: there.value }, seen)) {
        say(`${seq} is kept as ${JSON.stringify(there)}, and was ${JSON.stringify(seen)}`);
      }
    }
  }
  return wrong;
}
