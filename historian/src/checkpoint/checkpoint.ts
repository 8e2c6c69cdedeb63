import { createHash } from "node:crypto";
import type { ConsumerState } from "@fieldmesh/runtime";
import { type Collection, type Storage, upsert } from "@fieldmesh/storage";
import type { RollupsState } from "../rollup/rollups.js";
import { type NodeDocument, nodeDocuments, stateOf } from "./node-documents.js";
import { type TextDocument, Texts } from "./texts.js";

/** Where the historian is with everything that is not the readings themselves. */
export interface CheckpointState {
  /** When it was taken, ms. */
  savedAt: number;
  consumer: ConsumerState;
  rollups: RollupsState;
}

interface CheckpointDocument {
  v: 1;
  savedAt: number;
  /** Name of the text that holds the rollups' state. */
  rollups: string;
}

const ID = "checkpoint";
/** Writes side by side: the embedded store puts them into one commit. */
const AT_ONCE = 256;
const PAGE = 100;

/** A checkpoint is of a version that this program cannot read. */
export class CheckpointVersionError extends Error {
  override readonly name = "CheckpointVersionError";
  readonly code = "checkpoint_version";

  constructor(version: unknown) {
    super(
      `the store has a checkpoint of version ${JSON.stringify(version)}: expected 1. A later version of Fieldmesh wrote it: use that version`,
    );
  }
}

/**
 * The checkpoint in the store: one document for each node, of which only those that changed are written, and one
 * that says when. A kill in the midst leaves some nodes newer than others, each of them right.
 */
export class Checkpoint {
  readonly #nodes: Collection<NodeDocument>;
  readonly #meta: Collection<CheckpointDocument>;
  readonly #texts: Texts;
  /** Digest of each node document as it was written. */
  readonly #written = new Map<string, string>();
  #slot = 0;

  private constructor(
    nodes: Collection<NodeDocument>,
    meta: Collection<CheckpointDocument>,
    texts: Collection<TextDocument>,
  ) {
    this.#nodes = nodes;
    this.#meta = meta;
    this.#texts = new Texts(texts);
  }

  static async open(storage: Pick<Storage, "collection">): Promise<Checkpoint> {
    return new Checkpoint(
      await storage.collection("checkpoint-nodes", {}),
      await storage.collection("checkpoint", {}),
      await storage.collection("checkpoint-texts", {}),
    );
  }

  /** @throws what the store throws when it is away */
  async reach(): Promise<void> {
    await this.#meta.get(ID);
  }

  /** What was saved last; undefined before the first time. @throws CheckpointVersionError */
  async restore(): Promise<CheckpointState | undefined> {
    const meta = (await this.#meta.get(ID))?.document;
    if (meta === undefined) return undefined;
    if (meta.v !== 1) throw new CheckpointVersionError(meta.v);
    const documents: NodeDocument[] = [];
    let after: string | undefined;
    do {
      const page = await this.#nodes.find({ index: "id", limit: PAGE, after });
      for (const { id, document } of page.items) {
        if (document.v !== 1) throw new CheckpointVersionError(document.v);
        documents.push(document);
        this.#written.set(id, digest(document));
      }
      after = page.next;
    } while (after !== undefined);
    const text = await this.#texts.get(meta.rollups);
    const rollups: RollupsState =
      text === undefined
        ? { v: 1, at: meta.savedAt, minutes: {}, hours: {} }
        : (JSON.parse(text) as RollupsState); // our own writing
    this.#slot = meta.rollups === slotName(0) ? 1 : 0;
    return { savedAt: meta.savedAt, consumer: stateOf(documents), rollups };
  }

  /** To be called when everything that the state knows of is safe. One call at a time. */
  async save({ savedAt, consumer, rollups }: CheckpointState): Promise<void> {
    const there = new Set<string>();
    const alarms = alarmsByNode(consumer.alarms);
    // A few at a time: between them the event loop is free for what arrives.
    for (let i = 0; i < consumer.nodes.length; i += AT_ONCE) {
      const documents = consumer.nodes
        .slice(i, i + AT_ONCE)
        .flatMap((node) => [...nodeDocuments(node, alarms.get(`${node.domain}/${node.node}`) ?? [])]);
      await Promise.all(
        documents.map(async ([id, document]) => {
          there.add(id);
          const mark = digest(document);
          if (this.#written.get(id) === mark) return;
          await upsert(this.#nodes, id, document);
          this.#written.set(id, mark);
        }),
      );
    }
    const gone = [...this.#written.keys()].filter((id) => !there.has(id));
    for (const id of gone) {
      await this.#nodes.delete(id);
      this.#written.delete(id);
    }
    const slot = slotName(this.#slot);
    await this.#texts.put(slot, JSON.stringify(rollups));
    await upsert(this.#meta, ID, { v: 1, savedAt, rollups: slot });
    this.#slot = 1 - this.#slot; // the one that is pointed to is never written over
  }
}

function alarmsByNode(alarms: ConsumerState["alarms"]): Map<string, ConsumerState["alarms"]> {
  const byNode = new Map<string, ConsumerState["alarms"]>();
  for (const alarm of alarms) {
    const key = `${alarm.domain}/${alarm.node}`;
    const known = byNode.get(key);
    if (known === undefined) byNode.set(key, [alarm]);
    else known.push(alarm);
  }
  return byNode;
}

function slotName(slot: number): string {
  return `rollups-${slot}`;
}

function digest({ state }: NodeDocument): string {
  return createHash("sha1").update(state).digest("base64");
}
