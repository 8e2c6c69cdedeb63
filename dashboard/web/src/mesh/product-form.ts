import type { OutputPort, Product, ProductStatus, ProductUpdate, Sla, Visibility } from "./types.js";

/** The declared part of a product as texts of a form. */
export interface ProductForm {
  domain: string;
  owner: string;
  description: string;
  /** Separated by commas. */
  tags: string;
  status: ProductStatus;
  visibility: Visibility;
  availability: string;
  freshness: string;
  completeness: string;
  validity: string;
  timeliness: string;
  /** One a line: `name mqtt env/+/+/raw`. */
  outputPorts: string;
  /** One a line: the product's id, and what it is taken for. */
  inputPorts: string;
  /** JSON. */
  metadata: string;
}

export function toForm(product: Product): ProductForm {
  const { sla, tags, outputPorts, inputPorts, metadata } = product;
  const { domain, owner, description, status, visibility } = product;
  const number = (value: number | undefined): string => (value === undefined ? "" : String(value));
  return {
    domain,
    owner,
    description,
    tags: tags.join(", "),
    status,
    visibility,
    availability: number(sla.availability),
    freshness: sla.freshness ?? "",
    completeness: number(sla.completeness),
    validity: number(sla.validity),
    timeliness: sla.timeliness ?? "",
    outputPorts: outputPorts.map(portLine).join("\n"),
    inputPorts: inputPorts
      .map(({ product: id, description: text = "" }) => `${id} ${oneLine(text)}`.trim())
      .join("\n"),
    metadata: Object.keys(metadata).length === 0 ? "" : JSON.stringify(metadata, null, 2),
  };
}

/** Lines separate ports. */
function oneLine(text: string): string {
  return text.trim().split(/\s+/).join(" ");
}

function portLine(port: OutputPort): string {
  return `${port.name} ${port.kind} ${port.kind === "mqtt" ? port.topicFilter : port.address}`;
}

/** A text of the form that cannot be sent as it stands. */
export class FormError extends Error {
  override readonly name = "FormError";
}

/**
 * What is sent: the form's texts, and what else the product has as it was. The registry checks the values.
 * @throws FormError where a text is no number, port or JSON
 */
export function toUpdate(product: Product, form: ProductForm): ProductUpdate {
  const { id: _id, observed: _observed, createdAt: _createdAt, updatedAt: _updatedAt, ...declared } = product;
  return {
    ...declared,
    domain: form.domain.trim(),
    owner: form.owner.trim(),
    description: form.description,
    tags: form.tags
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean),
    status: form.status,
    visibility: form.visibility,
    sla: toSla(form),
    outputPorts: lines(form.outputPorts).map(toPort),
    inputPorts: lines(form.inputPorts).map((line) => {
      const [id = "", ...words] = line.split(/\s+/);
      const before = product.inputPorts.find((port) => port.product === id)?.description;
      const text = words.join(" ");
      // Its blanks and lines, where nobody has changed the words.
      const same = before !== undefined && oneLine(before) === text;
      return text === "" ? { product: id } : { product: id, description: same ? before : text };
    }),
    metadata: toMetadata(form.metadata),
  };
}

function toSla(form: ProductForm): Sla {
  const sla: Sla = {};
  for (const name of ["availability", "completeness", "validity"] as const) {
    const text = form[name].trim().replace(/\s*%$/, "").replace(",", ".");
    if (text === "") continue;
    const value = Number(text);
    if (Number.isNaN(value)) throw new FormError(`${name}: "${form[name]}" is not a number of %`);
    sla[name] = value;
  }
  for (const name of ["freshness", "timeliness"] as const) {
    const text = form[name].replace(/\s+/g, "");
    if (text !== "") sla[name] = text;
  }
  return sla;
}

function toPort(line: string): OutputPort {
  const [name = "", kind, ...rest] = line.split(/\s+/);
  const address = rest.join(" ");
  if (kind === "mqtt") return { kind, name, topicFilter: address };
  if (kind === "http") return { kind, name, address };
  throw new FormError(`output port "${line}": expected a name, mqtt or http, and the topics or the address`);
}

function toMetadata(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FormError(`metadata is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FormError("metadata: expected a JSON object");
  return value as Record<string, unknown>;
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}
