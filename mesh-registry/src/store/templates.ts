import type { Storage } from "@fieldmesh/storage";
import { checkReferences } from "../provisioning/facts.js";
import type { Template, TemplateInput, TemplateUpdate } from "../resources/template.js";
import type { Precondition } from "./domains.js";
import { templateKey } from "./keys.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import { type Kept, type Slice, type SliceQuery, Table } from "./table.js";

/** Components and parameters have names and values of their writer's: kept as JSON text. */
type TemplateDocument = Omit<Template, "components" | "parameters"> & {
  components: string;
  parameters: string;
};

export interface Templates {
  list(query: SliceQuery<Template>): Slice<Template>;
  /** @throws RegistryError not_found */
  get(id: string): Kept<Template>;
  /** @throws RegistryError exists, too_many; invalid where it refers to a parameter that it does not declare */
  create(input: TemplateInput): Promise<Kept<Template>>;
  /** @throws RegistryError not_found, invalid; what the precondition throws */
  update(id: string, input: TemplateUpdate, check: Precondition<Template>): Promise<Kept<Template>>;
  /** What was provisioned from it stays. @throws RegistryError not_found; what the precondition throws */
  remove(id: string, check: Precondition<Template>): Promise<void>;
}

export async function openTemplates(
  storage: Storage,
  { turns, clock, limits }: StoreParts,
): Promise<Templates> {
  const table = await Table.open<Template, TemplateDocument>(
    await storage.collection<TemplateDocument>("templates", {}),
    {
      encode: ({ components, parameters, ...rest }) => ({
        ...rest,
        components: JSON.stringify(components),
        parameters: JSON.stringify(parameters),
      }),
      decode: (document) => ({
        ...document,
        components: JSON.parse(document.components) as Template["components"],
        parameters: JSON.parse(document.parameters) as Template["parameters"],
      }),
    },
  );
  const get = (id: string): Kept<Template> => {
    const kept = table.get(id);
    if (kept === undefined) throw new RegistryError("not_found", `there is no template "${id}"`);
    return kept;
  };
  return {
    list: (query) => table.slice(query),
    get,
    create: (input) =>
      turns.run({ alone: [templateKey(input.id)] }, async () => {
        if (table.size >= limits.templates) {
          throw new RegistryError("too_many", `there are ${table.size} templates: no more are kept`);
        }
        checkReferences(input);
        const now = clock();
        const made = await table.insert(input.id, { ...input, createdAt: now, updatedAt: now });
        if (made !== undefined) return made;
        throw new RegistryError("exists", `there is a template "${input.id}" already`);
      }),
    update: (id, input, check) =>
      turns.run({ alone: [templateKey(id)] }, async () => {
        const kept = get(id);
        check(kept);
        checkReferences(input);
        const { createdAt } = kept.value;
        const changed = { id, ...input, createdAt, updatedAt: clock() };
        const replaced = await table.replace(id, kept.version, changed);
        if (replaced !== undefined) return replaced;
        throw new RegistryError("changed", `template "${id}" was changed by another meanwhile`);
      }),
    remove: (id, check) =>
      turns.run({ alone: [templateKey(id)] }, async () => {
        check(get(id));
        await table.remove(id);
      }),
  };
}
