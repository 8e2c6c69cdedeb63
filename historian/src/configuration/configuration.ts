import { readFile } from "node:fs/promises";
import { ConfigFileError, HttpProblem, type Log } from "@fieldmesh/runtime";
import { type AccessRules, rulesOf } from "../access/access-rules.js";
import { besideRegistry } from "./beside-registry.js";
import { type Contract, contractsOf } from "./contract-of.js";
import { type KeptConfiguration, readKept, writeKept } from "./kept-configuration.js";
import { type Objective, resolverOf } from "./objectives-of.js";
import {
  type ConfigurationProblems,
  type ParsedConfiguration,
  parseConfiguration,
  parseConfigurationFile,
} from "./parse.js";
import { RegistrySource } from "./registry-source.js";
import type { ConfigurationContent } from "./schema.js";

/** Who says what the configuration is. */
export type ConfigurationSource = "defaults" | "admin" | "registry" | "file";

export interface ConfigurationOptions {
  /** `HISTORIAN_CONFIG`: then nobody else may change it. */
  file?: string | undefined;
  /** `REGISTRY_URL`: then the registry says what data products promise and who reads them, over all that is said here. */
  registryUrl?: URL | undefined;
  /** What the registry is shown. */
  serviceToken?: string | undefined;
  /** Where the last known one is kept. */
  folder: string;
  log: Log;
  fetch?: typeof fetch;
  /** Of the registry. Default 15 s. */
  everyMs?: number;
}

export interface VersionedConfiguration {
  version: number;
  /** As it was given. */
  document: unknown;
}

const NOTHING: ParsedConfiguration = parsedOrThrow({});
const UNKNOWN: AccessRules = { kind: "unknown" };

/**
 * Opens the configuration: the file's, else what an administrator put, else the defaults; and with it what the
 * registry says, as it was last known. Nothing is fetched until `start()`.
 * @throws ConfigFileError naming line, field, value and what is expected; FormatVersionError
 */
export async function createConfiguration(options: ConfigurationOptions): Promise<Configuration> {
  const { file, registryUrl, folder } = options;
  const own =
    file === undefined
      ? await ownOf(folder)
      : { source: "file" as const, parsed: await readConfiguration(file) };
  const kept = registryUrl === undefined ? undefined : await readKept(folder, "registry");
  return new Configuration(options, own, kept);
}

async function ownOf(folder: string): Promise<Own> {
  const kept = await readKept(folder, "admin");
  return kept === undefined
    ? { source: "defaults", parsed: { ...NOTHING, version: 0 } }
    : { source: "admin", parsed: kept.parsed };
}

/** What is said here, whatever the registry says. */
interface Own {
  source: Exclude<ConfigurationSource, "registry">;
  parsed: ParsedConfiguration;
}

/** What is in force. */
interface InForce {
  source: ConfigurationSource;
  parsed: ParsedConfiguration;
  access: AccessRules;
}

/** @param registry undefined as long as it was never reached; then nobody but administrators reads */
function inForce(own: Own, registry: ParsedConfiguration | undefined): InForce {
  if (registry === undefined) return { ...own, access: UNKNOWN };
  // A registry that says nothing of access keeps nobody out.
  const access = accessOf(registry);
  return own.source === "defaults"
    ? { source: "registry", parsed: registry, access }
    : { source: own.source, parsed: besideRegistry(own.parsed, registry), access };
}

/** Reads the file that `HISTORIAN_CONFIG` names. @throws ConfigFileError */
export async function readConfiguration(path: string): Promise<ParsedConfiguration> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigFileError(path, [{ field: "", expected: `cannot be read: ${why}` }], { cause });
  }
  return parseConfigurationFile(text, path);
}

/** The configuration that is in force. See {@link createConfiguration}. */
export class Configuration {
  readonly #options: ConfigurationOptions;
  readonly #listeners = new Set<() => void>();
  readonly #accessListeners = new Set<() => void>();
  readonly #registry: RegistrySource | undefined;
  #own: Own;
  /** What the registry said last. */
  #said: ParsedConfiguration | undefined;
  #source: ConfigurationSource;
  #parsed: ParsedConfiguration;
  #resolve: (stream: string) => Objective[];
  #contracts: (stream: string) => Contract;
  #access: AccessRules;
  #putting: Promise<unknown> = Promise.resolve();

  constructor(options: ConfigurationOptions, own: Own, kept: KeptConfiguration | undefined) {
    this.#options = options;
    this.#own = own;
    this.#said = kept?.parsed;
    const { source, parsed, access } = this.#inForce();
    this.#source = source;
    this.#parsed = parsed;
    this.#resolve = resolverOf(parsed.content);
    this.#contracts = contractsOf(parsed.content);
    this.#access = access;
    const { registryUrl, serviceToken, log, fetch, everyMs } = options;
    if (registryUrl === undefined) return;
    this.#registry = new RegistrySource({
      url: registryUrl,
      token: serviceToken,
      // Without this a new registry's document would be taken for the one that is here.
      etag: kept?.etag,
      take: (document, newEtag) => this.#takeFromRegistry(document, newEtag),
      log,
      ...(fetch === undefined ? {} : { fetch }),
      ...(everyMs === undefined ? {} : { everyMs }),
    });
  }

  /** What is in force; its version is told with each figure. 0 while nobody has configured anything. */
  get current(): VersionedConfiguration {
    const { version, document } = this.#parsed;
    return { version, document };
  }

  /** What is said here, which an administrator replaces; without what the registry says. */
  get own(): VersionedConfiguration & { source: Own["source"] } {
    const { source, parsed } = this.#own;
    return { source, version: parsed.version, document: parsed.document };
  }

  get source(): ConfigurationSource {
    return this.#source;
  }

  /** Why the registry's newest document is not in force; `undefined` when it is, or none is asked. */
  get problem(): string | undefined {
    return this.#registry?.problem;
  }

  /** How long each level is kept, ms. */
  get retention(): ConfigurationContent["retention"] {
    return this.#parsed.content.retention;
  }

  /** What is promised of a stream, with defaults. */
  objectives(stream: string): Objective[] {
    return this.#resolve(stream);
  }

  /** Which data product promises a stream, and what readings have to be by its contract. */
  contract(stream: string): Contract {
    return this.#contracts(stream);
  }

  /** Who may read what. */
  get access(): AccessRules {
    return this.#access;
  }

  /** Called after each change of who may read what. Returns what ends it. */
  onAccess(listener: () => void): () => void {
    this.#accessListeners.add(listener);
    return () => this.#accessListeners.delete(listener);
  }

  /** Called after each change of anything else. Returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#registry?.start();
  }

  async close(): Promise<void> {
    await this.#registry?.close();
    await this.#putting.catch(() => undefined);
  }

  /**
   * Puts a document in the place of that version; `undefined`: of whatever is there.
   * @returns what is said here then, or undefined when another version is
   * @throws HttpProblem 422 naming each field that is wrong, 409 when it is in a file
   */
  async put(
    document: unknown,
    ifVersion: number | undefined,
    by: string,
  ): Promise<VersionedConfiguration | undefined> {
    const putting = this.#putting.catch(() => undefined).then(() => this.#put(document, ifVersion, by));
    this.#putting = putting;
    return await putting;
  }

  async #put(
    document: unknown,
    ifVersion: number | undefined,
    by: string,
  ): Promise<VersionedConfiguration | undefined> {
    if (this.#own.source === "file") {
      const where = "in the file that HISTORIAN_CONFIG names: change it there and start the historian again";
      throw new HttpProblem(409, "configured_elsewhere", `the configuration is kept ${where}`);
    }
    if (ifVersion !== undefined && ifVersion !== this.#own.parsed.version) return undefined;
    const parsed = parseConfiguration(document);
    if (!parsed.ok) throw problemOf(parsed.problems);
    const version = this.#own.parsed.version + 1;
    // What it says of its own version is that of the one it was made from.
    const numbered = { ...(document as Record<string, unknown>), version };
    const next = { version, document: numbered, content: { ...parsed.value.content, version } };
    await writeKept(this.#options.folder, { source: "admin", parsed: next });
    this.#options.log.info({ version, by }, "the configuration was changed");
    this.#own = { source: "admin", parsed: next };
    this.#replace();
    return this.own;
  }

  /**
   * Takes over what an administrator put at another historian of the same store, when it is newer and this one has no
   * file.
   */
  async adopt(version: number, document: unknown): Promise<void> {
    const adopting = this.#putting.catch(() => undefined).then(() => this.#adopt(version, document));
    this.#putting = adopting;
    await adopting;
  }

  async #adopt(version: number, document: unknown): Promise<void> {
    const { folder, log } = this.#options;
    if (this.#own.source === "file" || version <= this.#own.parsed.version) return;
    const parsed = parseConfiguration(document);
    if (!parsed.ok) {
      log.warn(
        { version, reason: problemText(parsed.problems) },
        "the configuration in the store is refused",
      );
      return;
    }
    const next = { ...parsed.value, version, content: { ...parsed.value.content, version } };
    await writeKept(folder, { source: "admin", parsed: next });
    log.info({ version }, "took over the configuration that the store has");
    this.#own = { source: "admin", parsed: next };
    this.#replace();
  }

  async #takeFromRegistry(document: unknown, etag: string | undefined): Promise<string | undefined> {
    const parsed = parseConfiguration(document);
    if (!parsed.ok) return `the registry's configuration is refused: ${problemText(parsed.problems)}`;
    const { folder, log } = this.#options;
    try {
      const tag = etag === undefined ? {} : { etag };
      await writeKept(folder, { source: "registry", ...tag, parsed: parsed.value });
    } catch (error) {
      log.warn(
        { err: error },
        "the registry's configuration holds, but could not be kept for the next start",
      );
    }
    log.info({ version: parsed.value.version }, "took the registry's configuration");
    this.#said = parsed.value;
    this.#replace();
    return undefined;
  }

  #inForce(): InForce {
    const own = this.#own;
    return this.#options.registryUrl === undefined
      ? { ...own, access: accessOf(own.parsed) }
      : inForce(own, this.#said);
  }

  #replace(): void {
    const { source, parsed, access } = this.#inForce();
    // Who was let in or shut out is no reason to look at every promise again.
    const isOther = !promisesTheSame(this.#parsed, parsed);
    this.#source = source;
    this.#parsed = parsed;
    this.#access = access;
    for (const listener of this.#accessListeners) listener();
    if (!isOther) return;
    this.#resolve = resolverOf(parsed.content);
    this.#contracts = contractsOf(parsed.content);
    for (const listener of this.#listeners) listener();
  }
}

function promisesTheSame(one: ParsedConfiguration, other: ParsedConfiguration): boolean {
  const [before, now] = [one, other].map(({ content: { defaults, streams, retention } }) =>
    JSON.stringify([defaults, streams, retention]),
  );
  return before === now;
}

function accessOf({ content }: ParsedConfiguration): AccessRules {
  return rulesOf(content.access);
}

function problemOf(problems: ConfigurationProblems): HttpProblem {
  const errors = problems.map(({ path, value, expected }) => ({
    pointer: path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
    detail:
      value === undefined || typeof value === "object" ? expected : `${JSON.stringify(value)}: ${expected}`,
  }));
  return new HttpProblem(
    422,
    "invalid_configuration",
    "the configuration is not right; nothing was changed",
    {
      errors,
    },
  );
}

function problemText(problems: ConfigurationProblems): string {
  return problems
    .slice(0, 5)
    .map(({ path, expected }) => `${path.map(String).join(".")}: ${expected}`)
    .join("; ");
}

function parsedOrThrow(document: unknown): ParsedConfiguration {
  const parsed = parseConfiguration(document);
  if (!parsed.ok) throw new Error("an empty configuration is not right");
  return parsed.value;
}
