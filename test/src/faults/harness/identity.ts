import type { AuditRow } from "@fieldmesh/runtime";
import type { EdgeProcess } from "./edge-node.js";
import type { Witness } from "./witness.js";

/** "Within 60 s of the end of each fault the identity holds for every sensor." */
export const HOLDS_WITHIN_MS = 60_000;
/** Readings on their way between log and broker at any moment of a healthy node. */
const ON_THE_WAY = 60;
const LOOK_EVERY_MS = 100;

/**
 * Waits until the identity holds for every sensor and boot of the node, by stats that are newer than this call.
 * @throws with the rows that do not hold and the node's last words, after {@link HOLDS_WITHIN_MS}
 */
export function identityHolds(witness: Witness, node: EdgeProcess): Promise<void> {
  return untilNothingIsWrong("the identity does not hold", whatIsWrong, witness, node);
}

/**
 * Waits until all that the node said it held has come, so that it can be stopped with nothing left in its log: what a
 * stopping node still holds it sends at its next start.
 * @throws as {@link identityHolds}
 */
export function nothingIsHeld(witness: Witness, node: EdgeProcess): Promise<void> {
  return untilNothingIsWrong("readings are still held", whatIsHeld, witness, node);
}

async function untilNothingIsWrong(
  what: string,
  look: (witness: Witness, node: EdgeProcess, since: number) => string[],
  witness: Witness,
  node: EdgeProcess,
): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const wrong = look(witness, node, begun);
    if (wrong.length === 0) return;
    if (performance.now() - begun > HOLDS_WITHIN_MS) {
      const words = node.lines.slice(-25).join("\n");
      throw new Error(`${what}:\n${wrong.join("\n")}\n--- ${node.settings.id} said:\n${words}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** The terms of every sensor and boot, for people. */
export function shownRows(witness: Witness, node: string): string {
  return witness.rows(node).map(shown).join("\n");
}

function whatIsWrong(witness: Witness, node: EdgeProcess, since: number): string[] {
  const { id, sensors } = node.settings;
  if (!witness.heardStatsSince(id, since)) return [`no stats of ${id} since the fault ended`];
  const rows = witness.rows(id);
  const wrong = sensors
    .filter((sensor) => !rows.some((row) => row.sensor === sensor && row.current))
    .map((sensor) => `${sensor}: nothing is known of it`);
  for (const row of rows) {
    if (!row.ok) wrong.push(`not ok: ${shown(row)}`);
    else if (row.held > (row.current ? ON_THE_WAY : 0)) wrong.push(`still held: ${shown(row)}`);
    const stored = witness.stored.get(`${id}/${row.sensor}/${row.boot}`) ?? new Map();
    const counted = [...stored.keys()].filter((seq) => seq >= row.countedFrom).length;
    if (counted !== row.stored) wrong.push(`${counted} readings were stored: ${shown(row)}`);
  }
  if (witness.repeated.length > 0) wrong.push(`passed on twice: ${witness.repeated.slice(0, 5).join(", ")}`);
  return wrong;
}

function whatIsHeld(witness: Witness, node: EdgeProcess): string[] {
  return witness
    .rows(node.settings.id)
    .filter((row) => row.held > 0)
    .map((row) => `held: ${shown(row)}`);
}

function shown({
  sensor,
  boot,
  read,
  suppressed,
  reportedSeq,
  lastSeq,
  countedFrom,
  stored,
  ...rest
}: AuditRow): string {
  const { dropped, droppedBy, held, unknown } = rest;
  const node = `read ${read} = suppressed ${suppressed} + ${reportedSeq}`;
  const consumer = `${countedFrom}..${lastSeq} = stored ${stored} + dropped ${dropped} + held ${held} + unknown ${unknown}`;
  return `${sensor}@${boot}: ${node}; ${consumer} ${JSON.stringify(droppedBy)}`;
}
