import { parseStreamName } from "@fieldmesh/protocol";
import type { ConsumerNode, ConsumerStream, StreamConsumer } from "@fieldmesh/runtime";
import { Absences } from "./absences.js";
import type { Surroundings } from "./boot-book.js";
import { NodeSigns } from "./node-signs.js";

/** Of a sensor that no birth declares: what is not missing for longer than this is hardly a gap. */
const DEFAULT_INTERVAL_MS = 1_000;

type Consumer = Pick<StreamConsumer, "stream" | "nodes" | "node">;

/** What the loss ledger knows beside the readings: ledgers, nodes, and the historian's own absences. */
export class KnownWorld {
  readonly absences = new Absences();
  readonly signs = new NodeSigns();
  readonly #consumer: () => Consumer;

  constructor(consumer: () => Consumer) {
    this.#consumer = consumer;
  }

  get nodes(): Iterable<ConsumerNode> {
    return this.#consumer().nodes.values();
  }

  node({ domain, node }: { domain: string; node: string }): ConsumerNode | undefined {
    return this.#consumer().node(domain, node);
  }

  /** What came of a stream and what is missing, by the consumer's own account. */
  ledger(name: string): ConsumerStream["ledger"] | undefined {
    const stream = parseStreamName(name);
    return stream.ok ? this.#consumer().stream(stream.value)?.ledger : undefined;
  }

  aroundStream(name: string, now: number): Surroundings {
    const stream = parseStreamName(name);
    return stream.ok
      ? this.around(this.node(stream.value), stream.value.sensor, now)
      : this.around(undefined, "", now);
  }

  around(node: ConsumerNode | undefined, sensor: string, now: number): Surroundings {
    const declared = node?.birth?.sensors.find(({ id }) => id === sensor);
    return {
      now,
      intervalMs: declared?.intervalMs ?? DEFAULT_INTERVAL_MS,
      connectedAt: node === undefined ? undefined : this.signs.connectedAt(node),
      absentAt: (at) => this.absences.at(node?.link ?? 0, at),
    };
  }
}
