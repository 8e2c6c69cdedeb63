import { MEASURES } from "@fieldmesh/protocol";
import type { ParsedConfiguration } from "./parse.js";
import type { ConfigurationContent } from "./schema.js";

type Streams = ConfigurationContent["streams"];
type Stream = Streams[string];

/**
 * A document of one's own with what the registry says of the streams of data products: what these promise wins, field by
 * field, and all else stays as that document has it.
 */
export function besideRegistry(own: ParsedConfiguration, registry: ParsedConfiguration): ParsedConfiguration {
  const streams = { ...own.content.streams };
  for (const [stream, promised] of Object.entries(registry.content.streams)) {
    const before = Object.hasOwn(streams, stream) ? streams[stream] : undefined;
    streams[stream] = before === undefined ? promised : over(before, promised);
  }
  return { ...own, content: { ...own.content, streams } };
}

function over(own: Stream, promised: Stream): Stream {
  const objectives: Record<string, unknown> = { ...own.objectives };
  for (const measure of MEASURES) {
    const { [measure]: given } = promised.objectives;
    const { [measure]: before } = own.objectives;
    if (given === undefined) continue;
    objectives[measure] =
      given === false || before === undefined || before === false ? given : { ...before, ...given };
  }
  const validity =
    promised.validity === undefined ? {} : { validity: { ...own.validity, ...promised.validity } };
  return { ...own, ...promised, objectives, ...validity };
}
