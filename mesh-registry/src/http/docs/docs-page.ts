import type { registryDescription } from "../openapi.js";

type Description = ReturnType<typeof registryDescription>;

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: unknown;
}

interface Operation {
  summary?: string;
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>;
}

const METHODS = ["get", "post", "put", "patch", "delete"] as const;
/** The rest of an enum is told by the schema. */
const MAX_SHOWN = 12;

/**
 * The API description as a page that needs no script: every operation can be opened, and those that only read, and
 * need no name in their path, can be tried with a form.
 */
export function docsPage(description: Description): string {
  const { title, version, description: about = "" } = description.info;
  const groups = new Map<string, string[]>();
  for (const [path, item] of Object.entries(description.paths ?? {})) {
    for (const method of METHODS) {
      const operation = (item as Record<string, unknown>)[method] as Operation | undefined;
      if (operation === undefined) continue;
      const group = path.split("/")[1] ?? "";
      groups.set(group, [...(groups.get(group) ?? []), operationHtml(method, path, operation)]);
    }
  }
  const schemas = Object.entries(description.components?.schemas ?? {});
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="docs/style.css">
</head>
<body>
<header>
<h1>${escaped(title)} <small>${escaped(version)}</small></h1>
<p>${escaped(about)} As a document: <a href="openapi.json">openapi.json</a> (OpenAPI ${escaped(description.openapi)}).</p>
<nav aria-label="Resources">${[...groups.keys()].map((group) => link(`#${group}`, group)).join(" ")} ${link("#schemas", "schemas")}</nav>
</header>
<main>
${[...groups].map(([group, operations]) => `<section id="${escaped(group)}"><h2>${escaped(group)}</h2>\n${operations.join("\n")}</section>`).join("\n")}
<section id="schemas"><h2>schemas</h2>
${schemas.map(([name, schema]) => `<details id="schema-${escaped(name)}"><summary>${escaped(name)}</summary><pre>${json(schema)}</pre></details>`).join("\n")}
</section>
</main>
</body>
</html>
`;
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { summary = "", parameters = [], requestBody, responses = {} } = operation;
  return `<details><summary><b class="${method}">${method.toUpperCase()}</b> <code>${escaped(path)}</code> ${escaped(summary)}</summary>
${parametersHtml(parameters)}${bodyHtml(requestBody)}${tryHtml(method, path, parameters)}
<h3>Answers</h3>
<dl>${Object.entries(responses)
    .map(([status, { description = "", content }]) => {
      const shown = content === undefined ? "" : `: ${contentHtml(content)}`;
      return `<dt>${escaped(status)}</dt><dd>${escaped(description)}${shown}</dd>`;
    })
    .join("\n")}</dl>
</details>`;
}

function parametersHtml(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(
    ({ name, in: where, required = false, description = "", schema }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${escaped(where)}${required ? ", required" : ""}</td><td>${schemaHtml(schema)}</td><td>${escaped(description)}</td></tr>`,
  );
  return `<h3>Parameters</h3><table><thead><tr><th>name</th><th>in</th><th>is</th><th></th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function bodyHtml(body: Operation["requestBody"]): string {
  return body?.content === undefined ? "" : `<h3>Body</h3><p>${contentHtml(body.content)}</p>`;
}

/** A form does what a link does: it reads. */
function tryHtml(method: string, path: string, parameters: readonly Parameter[]): string {
  if (method !== "get" || path.includes("{")) return "";
  const fields = parameters
    .filter((each) => each.in === "query")
    .map(({ name }) => `<label>${escaped(name)} <input name="${escaped(name)}"></label>`);
  return `<h3>Try it</h3><form action="${escaped(path.slice(1))}" method="get" target="_blank">${fields.join("\n")}<button>GET</button></form>`;
}

function contentHtml(content: Record<string, { schema?: unknown }>): string {
  return Object.entries(content)
    .map(([type, { schema }]) => `<code>${escaped(type)}</code> ${schemaHtml(schema)}`)
    .join(", ");
}

/** A schema in a line: its name, or what it is. */
function schemaHtml(schema: unknown): string {
  if (typeof schema !== "object" || schema === null) return "";
  const { $ref, type, items, enum: values } = schema as Record<string, unknown>;
  const name = typeof $ref === "string" ? /^#\/components\/schemas\/(\w+)$/.exec($ref)?.[1] : undefined;
  if (name !== undefined) return link(`#schema-${name}`, name);
  if (type === "array") return `array of ${schemaHtml(items)}`;
  if (Array.isArray(values))
    return values
      .slice(0, MAX_SHOWN)
      .map((value) => json(value))
      .join(" | ");
  return typeof type === "string" ? escaped(type) : `<code>${json(schema)}</code>`;
}

function link(to: string, text: string): string {
  return `<a href="${escaped(to)}">${escaped(text)}</a>`;
}

function json(value: unknown): string {
  return escaped(JSON.stringify(value, null, 2));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
