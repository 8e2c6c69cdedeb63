import { createHash } from "node:crypto";
import type { ProductInput } from "../resources/product.js";
import type { BundleFile, Provision, ProvisionInput, ProvisionStep } from "../resources/provision.js";
import type { Precondition } from "../store/domains.js";
import type { Products } from "../store/products.js";
import type { ProvisionRecord, Provisions } from "../store/provisions.js";
import { RegistryError } from "../store/registry-error.js";
import type { Kept, Slice, SliceQuery } from "../store/table.js";
import type { Templates } from "../store/templates.js";
import { Turns } from "../store/turns.js";
import { credentialFiles, plainFiles } from "./bundle.js";
import { gather } from "./facts.js";
import { hashNodePassword, isHashOf, type NodePasswords } from "./node-credential.js";
import { type Rendered, render } from "./render.js";

export interface ProvisionerParts {
  products: Products;
  templates: Templates;
  provisions: Provisions;
  passwords: NodePasswords;
  /** ms since the epoch. */
  clock: () => number;
  /** The broker's address that nodes are given unless they are told another. */
  broker: string;
}

/** Makes what a template says, step by step, and takes it back. */
export interface Provisioner {
  list(query: SliceQuery<Provision>): Slice<ProvisionRecord>;
  /** @throws RegistryError not_found */
  get(id: string): Kept<ProvisionRecord>;
  /**
   * The same again changes nothing. With other parameters, or a template that was changed, what differs is made anew.
   * @param mayMake throws where a product that is to be made is not for who asks
   * @throws RegistryError not_found, invalid, unknown_reference, conflict; what `mayMake` throws
   */
  provision(
    input: ProvisionInput,
    by: string,
    mayMake?: (product: ProductInput) => void,
  ): Promise<{ kept: Kept<ProvisionRecord>; made: boolean }>;
  /** @throws RegistryError not_found; what the precondition throws */
  undo(id: string, check: Precondition<Provision>): Promise<Kept<ProvisionRecord>>;
  /** @throws RegistryError not_found, conflict unless it is ready */
  bundle(id: string): Promise<BundleFile[]>;
  /** Goes on with what was under way when the process was killed. */
  resume(): Promise<void>;
}

/** What is answered of a record. */
export function toProvision({
  plain: _plain,
  login: _login,
  issue: _issue,
  madeProduct: _madeProduct,
  ...provision
}: ProvisionRecord): Provision {
  return provision;
}

/** One for each product and template. Short enough for a path, whatever their names are. */
export function provisionId({ template, product }: Pick<ProvisionInput, "template" | "product">): string {
  const hash = createHash("sha256").update(`${product}~${template}`).digest("hex").slice(0, 12);
  return `${product.slice(0, 60)}-${hash}`;
}

export function createProvisioner(parts: ProvisionerParts): Provisioner {
  const { products, templates, provisions, passwords, clock, broker } = parts;
  // Turns of its own: while it has one, it registers products, which takes others.
  const turns = new Turns();

  const productOf = (id: string) => {
    try {
      return products.get(id).value;
    } catch (error) {
      if (error instanceof RegistryError && error.code === "not_found") return undefined;
      throw error;
    }
  };

  /** Checks everything first: what is refused has changed nothing. */
  const prepare = (input: ProvisionInput, by: string): { rendered: Rendered; names: string[] } => {
    const template = templates.get(input.template).value;
    const product = productOf(input.product);
    if (product?.status === "retired") {
      const at = [{ pointer: "/product", value: input.product }];
      throw new RegistryError("conflict", `data product "${input.product}" is retired`, at);
    }
    const { facts, values } = gather(template, input, { product, by, broker });
    const rendered = render(template, facts, values);
    const names = template.components.map(({ name }) => name).filter((name) => name !== "product");
    return { rendered, names: ["product", ...names, "bundle"] };
  };

  const ensureProduct = async (rendered: Rendered, record: ProvisionRecord): Promise<string> => {
    if (productOf(record.product) !== undefined) {
      return record.madeProduct ? "registered as a draft" : "was registered before; it stays as it is";
    }
    await products.create(rendered.product);
    record.madeProduct = true;
    return "registered as a draft";
  };

  /** The credential that it had stays, where this machine can still tell its password. */
  const ensureCredential = async (
    wanted: NonNullable<Rendered["credential"]>,
    record: ProvisionRecord,
  ): Promise<string> => {
    const { login, id } = record;
    const isKnown =
      login !== undefined && (await isHashOf(passwords.passwordOf(id, record.issue), login.hash));
    if (isKnown && login.user === wanted.user) {
      record.login = { ...wanted, hash: login.hash };
    } else {
      record.issue += 1;
      record.login = { ...wanted, hash: await hashNodePassword(passwords.passwordOf(id, record.issue)) };
    }
    record.credential = wanted.user;
    return `user ${wanted.user}: add its lines in the bundle to the broker's files`;
  };

  const runStep = async (i: number, rendered: Rendered, record: ProvisionRecord): Promise<ProvisionStep> => {
    const name = record.steps[i]?.name ?? "";
    const done = (detail: string): ProvisionStep => ({ name, state: "done", detail });
    if (i === record.steps.length - 1) return done(bundleUp(rendered, record));
    const external = rendered.external.find((each) => each.name === name);
    if (external !== undefined) return { name, state: "external", detail: external.detail };
    if (name === "product") return done(await ensureProduct(rendered, record));
    if (name === "credentials" && rendered.credential !== undefined) {
      return done(await ensureCredential(rendered.credential, record));
    }
    return done(name === "edge" ? "edge.yaml" : "docker-compose.edge.yml");
  };

  const run = async (start: Kept<ProvisionRecord>, rendered: Rendered): Promise<Kept<ProvisionRecord>> => {
    let kept = start;
    for (const [i, { name }] of start.value.steps.entries()) {
      const record = structuredClone(kept.value);
      try {
        record.steps[i] = await runStep(i, rendered, record);
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        record.steps[i] = { name, state: "failed", detail: detail.slice(0, 2_000) };
        record.state = "failed";
        await provisions.put({ ...record, updatedAt: clock() }, kept);
        throw error;
      }
      const next = record.steps[i + 1];
      if (next === undefined) record.state = "ready";
      else record.steps[i + 1] = { ...next, state: "running" };
      kept = await provisions.put({ ...record, updatedAt: clock() }, kept);
    }
    return kept;
  };

  const begin = (
    input: ProvisionInput,
    names: readonly string[],
    by: string,
    before: Kept<ProvisionRecord> | undefined,
  ): Promise<Kept<ProvisionRecord>> => {
    const now = clock();
    const known = before?.value;
    const record: ProvisionRecord = {
      id: provisionId(input),
      ...input,
      state: "running",
      steps: names.map((name, i) => ({ name, state: i === 0 ? "running" : "waiting" })),
      files: known?.files ?? [],
      ...(known?.credential === undefined ? {} : { credential: known.credential }),
      by: known?.by ?? by,
      createdAt: known?.createdAt ?? now,
      updatedAt: now,
      plain: known?.plain ?? [],
      ...(known?.login === undefined ? {} : { login: known.login }),
      issue: known?.issue ?? 0,
      madeProduct: known?.madeProduct ?? false,
    };
    return provisions.put(record, before);
  };

  const undoStep = async (step: ProvisionStep, record: ProvisionRecord): Promise<ProvisionStep> => {
    const { name, state } = step;
    const undone = (detail: string): ProvisionStep => ({ name, state: "undone", detail });
    if (state === "external" || state === "waiting") return step;
    if (name === "credentials" && record.login !== undefined) {
      const { user } = record.login;
      delete record.login;
      delete record.credential;
      return undone(`take its lines out of the broker's files: fieldmesh credentials remove ${user}`);
    }
    if (name !== "product") return undone("not in the bundle any more");
    if (!record.madeProduct) return undone("was registered before; it stays as it is");
    record.madeProduct = false;
    return undone((await products.discard(record.product)) ? "the draft is gone" : "it is in use: it stays");
  };

  return {
    list: (query) => provisions.list(query),
    get: (id) => provisions.get(id),
    provision(input, by, mayMake) {
      const id = provisionId(input);
      return turns.run({ alone: [id] }, async () => {
        const { rendered, names } = prepare(input, by);
        if (productOf(input.product) === undefined) mayMake?.(rendered.product);
        const before = provisions.find(id);
        if (
          before?.value.state === "ready" &&
          (await isSame(before.value, input, rendered, names, passwords))
        ) {
          return { kept: before, made: false };
        }
        return {
          kept: await run(await begin(input, names, by, before), rendered),
          made: before === undefined,
        };
      });
    },
    undo: (id, check) =>
      turns.run({ alone: [id] }, async () => {
        let kept = provisions.get(id);
        check(kept);
        for (const [i] of [...kept.value.steps.entries()].toReversed()) {
          const record = structuredClone(kept.value);
          const step = record.steps[i];
          if (step === undefined || step.state === "undone") continue;
          record.steps[i] = await undoStep(step, record);
          if (step.name === "bundle") Object.assign(record, { plain: [], files: [] });
          kept = await provisions.put({ ...record, state: "undone", updatedAt: clock() }, kept);
        }
        return kept;
      }),
    async bundle(id) {
      const { plain, login, issue, state } = provisions.get(id).value;
      if (state !== "ready")
        throw new RegistryError("conflict", `provision "${id}" is ${state}: it has no bundle`);
      if (login === undefined) return plain;
      const { hash, ...its } = login;
      const password = passwords.passwordOf(id, issue);
      if (!(await isHashOf(password, hash))) {
        const detail = `the password of "${login.user}" was made on another machine: provision it again for a new one`;
        throw new RegistryError("conflict", detail);
      }
      const hasEdge = plain.some(({ name }) => name === "edge.yaml");
      return [...credentialFiles(its, password, hash, hasEdge), ...plain];
    },
    async resume() {
      const { items } = provisions.list({ where: ({ state }) => state === "running", limit: 1_000 });
      for (const { value } of items) {
        const { id, template, product, parameters, by } = value;
        await turns.run({ alone: [id] }, async () => {
          const input = { template, product, parameters };
          const kept = provisions.get(id);
          try {
            const { rendered, names } = prepare(input, by);
            await run(await begin(input, names, by, kept), rendered);
          } catch (error) {
            // Its template or product was changed meanwhile: whoever asked for it is told so.
            if (!(error instanceof RegistryError)) throw error;
            const now = provisions.get(id);
            if (now.value.state === "running") await provisions.put({ ...now.value, state: "failed" }, now);
          }
        });
      }
    },
  };
}

/** What a credential was made for that is not asked for any more is withdrawn. */
function bundleUp(rendered: Rendered, record: ProvisionRecord): string {
  const before = new Map(record.plain.map(({ name, text }) => [name, text]));
  record.plain = plainFiles(rendered, record.product);
  if (rendered.credential === undefined) {
    delete record.login;
    delete record.credential;
  }
  record.files = filesOf(record);
  if (before.size === 0) return record.files.join(", ");
  const changed = record.plain.filter(({ name, text }) => before.get(name) !== text).map(({ name }) => name);
  return changed.length === 0 ? "unchanged" : `changed: ${changed.join(", ")}`;
}

function filesOf({ plain, login }: ProvisionRecord): string[] {
  const names = plain.map(({ name }) => name);
  return login === undefined ? names : ["node.env", "password_file.lines", "acl_file.lines", ...names];
}

async function isSame(
  record: ProvisionRecord,
  { parameters }: ProvisionInput,
  rendered: Rendered,
  names: readonly string[],
  passwords: NodePasswords,
): Promise<boolean> {
  const { hash, ...login } = record.login ?? { hash: "" };
  const same =
    JSON.stringify(record.parameters) === JSON.stringify(parameters) &&
    JSON.stringify(record.steps.map(({ name }) => name)) === JSON.stringify(names) &&
    JSON.stringify(record.plain) === JSON.stringify(plainFiles(rendered, record.product)) &&
    JSON.stringify(login) === JSON.stringify(rendered.credential ?? {});
  return same && (hash === "" || (await isHashOf(passwords.passwordOf(record.id, record.issue), hash)));
}
