import { isRecord, type JsonSchema } from "../compatibility/schema.js";
import { isDeeper } from "../compatibility/well-formed.js";
import { type ProductInput, productInput } from "../resources/product.js";
import { type VersionInput, versionInput } from "../resources/version.js";
import { fromOdcsSchema, toOdcsSchema } from "./odcs-schema.js";

/** Version of the Open Data Contract Standard (bitol.io) that is written. Contracts of 3.0 are read as well. */
const API_VERSION = "v3.1.0";

/** What a contract says of a product and of one version of it. */
export interface Contract {
  product: ProductInput;
  version?:
    | (Pick<VersionInput, "version" | "changelog" | "compatibility" | "strict"> & {
        schema: JsonSchema;
        accessPolicy?: VersionInput["accessPolicy"] | undefined;
      })
    | undefined;
}

/** An ODCS document, to be written as YAML or JSON. */
export type OdcsDocument = Record<string, unknown>;

export type ReadContract =
  | { ok: true; contract: { product: ProductInput; version?: VersionInput } }
  | { ok: false; faults: readonly { path: string; message: string }[] };

/** Of a document; bounds the recursion over its schema. */
const MAX_NESTING = 100;

const SHARES = ["availability", "completeness", "validity"] as const;
const TIMES = ["freshness", "timeliness"] as const;

/** Writes a contract as ODCS 3.1: what the standard has no word for travels in `customProperties`. */
export function toOdcs({ product, version }: Contract): OdcsDocument {
  const { sla } = product;
  const accessPolicy = version?.accessPolicy;
  return {
    version: version?.version ?? "0.0.0",
    kind: "DataContract",
    apiVersion: API_VERSION,
    id: product.id,
    name: product.id,
    domain: product.domain,
    dataProduct: product.id,
    status: product.status,
    tags: product.tags,
    description: { purpose: product.description },
    servers: product.outputPorts.map((port) => ({
      server: port.name,
      type: "custom",
      customProperties:
        port.kind === "mqtt"
          ? [{ property: "topicFilter", value: port.topicFilter }]
          : [{ property: "address", value: port.address }],
    })),
    ...(version === undefined ? {} : { schema: toOdcsSchema(product.id, version.schema) }),
    team: { members: [{ username: product.owner, role: "owner" }] },
    roles: (accessPolicy?.roles ?? []).map((role) => ({ role, access: "read" })),
    slaProperties: [
      ...SHARES.flatMap((property) => {
        const value = sla[property];
        return value === undefined ? [] : [{ property, value, unit: "%" }];
      }),
      ...TIMES.flatMap((property) => {
        const [, value, unit] = /^([\d.]+)([a-z]+)$/.exec(sla[property] ?? "") ?? [];
        if (value === undefined || unit === undefined) return [];
        return [{ property, value: Number(value), unit: unit === "m" ? "min" : unit }];
      }),
    ],
    customProperties: [
      { property: "visibility", value: product.visibility },
      { property: "metadata", value: product.metadata },
      { property: "inputPorts", value: product.inputPorts },
      ...(accessPolicy === undefined ? [] : [{ property: "accessPolicy", value: accessPolicy }]),
      ...(version === undefined
        ? []
        : [
            { property: "changelog", value: version.changelog },
            { property: "compatibility", value: version.compatibility },
            { property: "strict", value: version.strict },
          ]),
    ],
  };
}

/**
 * Reads an ODCS 3 document, of ours or of others: id, domain, owner (the team's member of that role, else its first,
 * else the team), description, tags, status (one that is not ours is `draft`), service levels that can be measured
 * here, servers with a topic or an address, and the first object of the schema. Checked as if posted. Never throws.
 */
export function fromOdcs(document: unknown): ReadContract {
  if (!isRecord(document) || document["kind"] !== "DataContract") {
    return {
      ok: false,
      faults: [{ path: "kind", message: 'expected an ODCS document of kind "DataContract"' }],
    };
  }
  if (isDeeper(document, MAX_NESTING)) {
    return { ok: false, faults: [{ path: "", message: `expected at most ${MAX_NESTING} levels` }] };
  }
  const custom = propertyMap(document["customProperties"]);
  const pick = (...names: string[]) =>
    Object.fromEntries(names.flatMap((name) => (custom.has(name) ? [[name, custom.get(name)]] : [])));
  const { description, status, tags } = document;
  const parsed = productInput.safeParse({
    id: document["id"],
    domain: document["domain"],
    owner: ownerOf(document["team"]),
    description: isRecord(description)
      ? [description["purpose"], description["usage"], description["limitations"]]
          .filter((part) => typeof part === "string" && part !== "")
          .join("\n\n")
      : undefined,
    tags: tags ?? undefined,
    status: productInput.shape.status.safeParse(status).success ? status : "draft",
    sla: slaOf(document["slaProperties"]),
    outputPorts: records(document["servers"]).flatMap(portOf),
    ...pick("visibility", "metadata", "inputPorts"),
  });
  const schema = fromOdcsSchema(document["schema"]);
  const roles = records(document["roles"]).map(({ role }) => role);
  const version = versionInput.safeParse({
    version: document["version"],
    schema,
    ...(roles.length > 0 ? { accessPolicy: { roles } } : {}),
    ...pick("accessPolicy", "changelog", "compatibility", "strict"),
  });
  const issues = [
    ...(parsed.error?.issues ?? []),
    ...(schema === undefined ? [] : (version.error?.issues ?? [])),
  ];
  if (!parsed.success || issues.length > 0) {
    return {
      ok: false,
      faults: issues.map(({ path, message }) => ({ path: path.map(String).join("."), message })),
    };
  }
  return {
    ok: true,
    contract: {
      product: parsed.data,
      ...(schema !== undefined && version.success ? { version: version.data } : {}),
    },
  };
}

function records(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function propertyMap(list: unknown): Map<unknown, unknown> {
  return new Map(records(list).map(({ property, value }) => [property, value]));
}

/** A text or number as text; nothing else has one (an object of others may even lack `toString`). */
function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Since 3.1 a team is an object with members; before, it was the list of them. */
function ownerOf(team: unknown): unknown {
  const members = records(isRecord(team) ? team["members"] : team);
  const owner = members.find(({ role }) => textOf(role).toLowerCase() === "owner") ?? members[0];
  return owner?.["username"] ?? (isRecord(team) ? team["name"] : undefined);
}

function portOf({ server, customProperties }: Record<string, unknown>): unknown[] {
  const custom = propertyMap(customProperties);
  if (custom.has("topicFilter"))
    return [{ kind: "mqtt", name: server, topicFilter: custom.get("topicFilter") }];
  return custom.has("address") ? [{ kind: "http", name: server, address: custom.get("address") }] : [];
}

const DURATIONS: readonly (readonly [unit: string, names: RegExp])[] = [
  ["ms", /^(?:ms|milliseconds?)$/i],
  ["s", /^(?:s|secs?|seconds?)$/i],
  ["m", /^(?:m|mins?|minutes?)$/i],
  ["h", /^(?:h|hrs?|hours?)$/i],
  ["d", /^(?:d|days?)$/i],
];

/** Service levels of other names or units are left out: they would not be measured. */
function slaOf(list: unknown): Record<string, unknown> {
  const sla: Record<string, unknown> = {};
  for (const { property, value, unit } of records(list)) {
    const name = property === "latency" ? "timeliness" : property; // the standard's own word
    if (
      SHARES.some((share) => share === name) &&
      (unit === undefined || /^(?:%|percent)$/i.test(textOf(unit)))
    ) {
      sla[textOf(name)] = typeof value === "string" ? Number(value) : value;
    }
    const duration = DURATIONS.find(([, names]) => names.test(textOf(unit)))?.[0];
    if (TIMES.some((time) => time === name) && duration !== undefined)
      sla[textOf(name)] = `${textOf(value)}${duration}`;
  }
  return sla;
}
