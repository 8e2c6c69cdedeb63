import { parseStreamName, parseTopic, streamName } from "@fieldmesh/protocol";

/** What publishers of before have no node in their topics for: `env/temperature/raw` is `env_legacy_temperature`. */
const LEGACY_NODE = "legacy";

/** The stream whose readings come on a topic; undefined where it is another kind of topic. */
export function streamOfTopic(topic: string): string | undefined {
  const parsed = parseTopic(topic);
  if (!parsed.ok) return undefined;
  if (parsed.value.kind === "raw") return streamName(parsed.value);
  return parsed.value.kind === "legacy-raw" ? streamName({ ...parsed.value, node: LEGACY_NODE }) : undefined;
}

/** Topics on which the readings of a stream come; none where that is no name of a stream. */
export function topicsOf(stream: string): string[] {
  const parsed = parseStreamName(stream);
  if (!parsed.ok) return [];
  const { domain, node, sensor } = parsed.value;
  const topics = [`${domain}/${node}/${sensor}/raw`];
  if (node === LEGACY_NODE) topics.push(`${domain}/${sensor}/raw`);
  return topics;
}
