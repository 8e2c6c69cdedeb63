import type { Log, MqttLink } from "@fieldmesh/runtime";
import type { Conflict } from "../resources/conflict.js";
import type { Product } from "../resources/product.js";
import type { Catalogue } from "../store/catalogue.js";
import { conflictText, portConflictText } from "./conflict.js";
import { createStreamIndex, type StreamIndex, streamsNamedBy } from "./stream-index.js";
import { type BirthCounts, StreamObserver } from "./stream-observer.js";

/** What is seen of the streams of a broker. */
export interface Observation {
  readonly index: StreamIndex;
  readonly births: Readonly<BirthCounts>;
  /** Who claim one name, by name. */
  conflicts(): Conflict[];
  /** Begins to listen. */
  start(): void;
  close(): Promise<void>;
}

export interface ObservationOptions {
  link: MqttLink | undefined;
  catalogue: Pick<Catalogue, "products" | "observations">;
  /** ms since the epoch. */
  clock: () => number;
  log: Log;
}

export function createObservation({ link, catalogue, clock, log }: ObservationOptions): Observation {
  const { products, observations } = catalogue;
  const index = createStreamIndex(products);
  const observer = new StreamObserver({ link, observations, index, clock, log });
  // After the index: it is told first.
  const stop = products.onChange((_id, now, before) => {
    if (offersTheSame(now?.value, before?.value)) return;
    observer.touched(new Set([...streamsNamedBy(now?.value), ...streamsNamedBy(before?.value)]));
  });
  return {
    index,
    get births() {
      return observer.counts;
    },
    conflicts() {
      const nodes = observer.nodeConflicts().map((conflict): Conflict => {
        const { domain, node, speakers, since, seenAt } = conflict;
        const streams = [...index.streamsOfNode(domain, node)].sort();
        return {
          kind: "node",
          domain,
          node,
          speakers,
          since,
          seenAt,
          streams,
          detail: conflictText(conflict),
        };
      });
      const streams = [...index.streams()].sort().flatMap((stream): Conflict[] => {
        const contenders = index.contenders(stream);
        const detail = portConflictText(stream, contenders);
        if (detail === undefined) return [];
        return [{ kind: "stream", stream, products: contenders.map(({ id }) => id), detail }];
      });
      return [...nodes, ...streams];
    },
    start: () => observer.start(),
    async close() {
      stop();
      index.close();
      await observer.close();
    },
  };
}

/** Nothing changed by which somebody else would offer a stream. */
function offersTheSame(now: Product | undefined, before: Product | undefined): boolean {
  if (now === undefined || before === undefined) return false;
  return (
    now.owner === before.owner &&
    now.status === before.status &&
    now.domain === before.domain &&
    JSON.stringify([now.outputPorts, now.inputPorts]) ===
      JSON.stringify([before.outputPorts, before.inputPorts])
  );
}
