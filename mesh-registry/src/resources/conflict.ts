import { z } from "zod";
import { domainId, filledText, resourceId, text, time } from "./fields.js";

const speaker = z.strictObject({ host: text(255), boot: z.number().int().min(0) });

/** Two that claim one name. It is over when one of them is gone. */
export const conflict = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("node"),
      domain: domainId,
      node: filledText(32),
      speakers: z.array(speaker).describe("the processes that speak under this name, who spoke last first"),
      since: time,
      seenAt: time.describe("when it was seen last; it is over two minutes later"),
      streams: z.array(filledText(100)),
      detail: text(1_000),
    }),
    z.strictObject({
      kind: z.literal("stream"),
      stream: filledText(100),
      products: z.array(resourceId).describe("who offer this stream, the one whose word holds first"),
      detail: text(1_000),
    }),
  ])
  .meta({ id: "Conflict" });

export type Conflict = z.output<typeof conflict>;
