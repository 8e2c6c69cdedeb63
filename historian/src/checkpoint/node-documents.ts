import type { ConsumerState } from "@fieldmesh/runtime";

type NodeState = ConsumerState["nodes"][number];
type AlarmStates = ConsumerState["alarms"];

/**
 * What the consumer knows of one node, or a part of its streams. As text: causes and settings are words of the node,
 * and not every word can be a field's name in every store.
 */
export interface NodeDocument {
  v: 1;
  domain: string;
  node: string;
  /** JSON of {@link NodePart}. */
  state: string;
}

/** Each part is right by itself, so that one that is older than the others does no harm. */
interface NodePart {
  /** In the first part only. */
  record?: Omit<NodeState, "streams">;
  alarms?: AlarmStates;
  streams: NodeState["streams"];
}

/** A document is at most 1 MiB; a ledger with all the gaps that it may have is some 700 kB. */
const PART_CHARS = 200_000;

/** The documents of one node by id: mostly one. */
export function nodeDocuments(state: NodeState, alarms: AlarmStates): Map<string, NodeDocument> {
  const { streams, ...record } = state;
  const { domain, node } = state;
  const parts: NodePart[] = [{ record, alarms, streams: [] }];
  let chars = 0;
  for (const stream of streams) {
    const length = charsOf(stream.ledger);
    if (chars > 0 && chars + length > PART_CHARS) {
      parts.push({ streams: [] });
      chars = 0;
    }
    parts.at(-1)?.streams.push(stream);
    chars += length;
  }
  return new Map(
    parts.map((part, index) => [
      index === 0 ? `${domain}/${node}` : `${domain}/${node}/${index}`,
      { v: 1, domain, node, state: JSON.stringify(part) },
    ]),
  );
}

/** About, as JSON: to write it out only to see how long it is would cost as much as all the rest. */
function charsOf({ boots }: NodeState["streams"][number]["ledger"]): number {
  let chars = 200;
  for (const { received, lost, held } of boots) {
    chars += 300 + 24 * (received.length + held.length) + 48 * lost.length;
  }
  return chars;
}

/** The consumer's state out of all documents, in any order. */
export function stateOf(documents: Iterable<NodeDocument>): ConsumerState {
  const nodes = new Map<string, Partial<NodeState> & { streams: NodeState["streams"] }>();
  const alarms: AlarmStates = [];
  for (const { domain, node, state } of documents) {
    const part = JSON.parse(state) as NodePart; // our own writing
    const key = `${domain}/${node}`;
    const known = nodes.get(key) ?? { streams: [] };
    const streams = [...known.streams, ...part.streams];
    nodes.set(key, { ...known, ...part.record, streams });
    if (part.alarms !== undefined) alarms.push(...part.alarms);
  }
  return { v: 1, nodes: [...nodes.values()].filter(isWhole), alarms };
}

/** The first part is written first; without it there was no node yet. */
function isWhole(state: Partial<NodeState> & { streams: NodeState["streams"] }): state is NodeState {
  return state.domain !== undefined;
}
