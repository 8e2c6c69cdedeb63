import { accept, type Parsed, refuse, shown } from "./parsed.js";

/** Grammar of a domain, node, sensor or rule: it fits one topic level, a file name and a host name. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** `mesh` and `api` carry other things; the rest are roots of the REST interface. */
export const RESERVED_DOMAINS: ReadonlySet<string> = new Set([
  "mesh",
  "api",
  "analytics",
  "docs",
  "domains",
  "events",
  "gaps",
  "health",
  "lineage",
  "openapi",
  "policies",
  "product",
  "products",
  "redoc",
  "report",
  "streams",
  "subscriptions",
  "templates",
]);
/** `{domain}/event/…` carries alarms. */
export const RESERVED_NODES: ReadonlySet<string> = new Set(["event"]);
/** `{domain}/{node}/birth` and its siblings are the node's own. */
export const RESERVED_SENSORS: ReadonlySet<string> = new Set(["birth", "status", "stats", "cmd", "node"]);

export type NameKind = "domain" | "node" | "sensor" | "rule";

const RESERVED: Record<NameKind, ReadonlySet<string>> = {
  domain: RESERVED_DOMAINS,
  node: RESERVED_NODES,
  sensor: RESERVED_SENSORS,
  rule: new Set(),
};

/** Checks one name: inside the grammar and not reserved for its kind. */
export function parseName(kind: NameKind, value: unknown): Parsed<string> {
  if (typeof value !== "string" || !NAME.test(value)) {
    return refuse(
      "name",
      `${kind} ${shown(value)}: expected 1 to 32 of a-z, 0-9 and "-", not beginning with "-"`,
      kind,
    );
  }
  if (RESERVED[kind].has(value)) {
    return refuse("reserved", `${kind} "${value}" is a reserved name: choose another`, kind);
  }
  return accept(value);
}

/** Makes a free text (a host name, say) into a name: lower case, foreign characters to "-", cut to 32. */
export function fitName(text: string): string {
  const fitted = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 32)
    .replace(/-+$/, "");
  return fitted === "" ? "node" : fitted;
}

/** One sensor of one node of one domain. */
export interface Stream {
  domain: string;
  node: string;
  sensor: string;
}

/** `{domain}_{node}_{sensor}`: unambiguous, as no name holds an underscore. Also the id of the data product. */
export function streamName(stream: Stream): string {
  return `${stream.domain}_${stream.node}_${stream.sensor}`;
}

/** The inverse of {@link streamName}. */
export function parseStreamName(text: string): Parsed<Stream> {
  const [domain, node, sensor, ...more] = text.split("_");
  if (more.length > 0 || sensor === undefined) {
    return refuse("name", `stream ${shown(text)}: expected {domain}_{node}_{sensor}`, "stream");
  }
  for (const [kind, value] of [
    ["domain", domain],
    ["node", node],
    ["sensor", sensor],
  ] as const) {
    const name = parseName(kind, value);
    if (!name.ok) return name;
  }
  return accept({ domain: domain ?? "", node: node ?? "", sensor });
}
