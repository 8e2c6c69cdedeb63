import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  domainInput,
  fromOdcs,
  type GovernancePolicyInput,
  governancePolicyInput,
  lineageInput,
  type ReadContract,
  templateInput,
} from "@fieldmesh/mesh-registry";
import { ConfigFileError, readDocument } from "@fieldmesh/runtime";
import { z } from "zod";
import { UsageError } from "../exit.js";
import { parseResource } from "./file-input.js";

/** What a mesh is declared by, in the order in which it is made: one needs those before it. */
export const FOLDERS = ["domains", "products", "versions", "policies", "templates"] as const;
export const LINEAGE_FILE = "lineage.yaml";

export function versionFile(product: string, version: string): string {
  return `versions/${product}@${version}.yaml`;
}

export type Contract = Extract<ReadContract, { ok: true }>["contract"];

/** Something declared, with the file that says it. */
export interface Declared<T> {
  file: string;
  value: T;
}

export interface MeshFolder {
  domains: Declared<z.output<typeof domainInput>>[];
  products: Declared<Contract>[];
  /** Earlier versions of products. */
  versions: Declared<Contract>[];
  policies: Declared<GovernancePolicyInput>[];
  templates: Declared<z.output<typeof templateInput>>[];
  lineage: Declared<z.output<typeof lineageInput>>[];
}

/** Reads and checks every file before anything is sent. @throws ConfigFileError with file and line; UsageError */
export async function readMeshFolder(folder: string): Promise<MeshFolder> {
  const read = async <T>(kind: string, parse: (text: string, file: string) => T): Promise<Declared<T>[]> => {
    const found: Declared<T>[] = [];
    for (const name of await yamlFiles(join(folder, kind))) {
      const file = join(folder, kind, name);
      found.push({ file, value: parse(await readFile(file, "utf8"), file) });
    }
    return found;
  };
  const mesh: MeshFolder = {
    domains: unique(
      await read("domains", (text, file) => parseResource(text, file, domainInput)),
      ({ id }) => id,
    ),
    products: unique(await read("products", parseContract), ({ product }) => product.id),
    versions: await read("versions", parseContract),
    policies: unique(
      await read("policies", (text, file) => parseResource(text, file, governancePolicyInput)),
      ({ id }) => id,
    ),
    templates: unique(
      await read("templates", (text, file) => parseResource(text, file, templateInput)),
      ({ id }) => id,
    ),
    lineage: await readLineage(join(folder, LINEAGE_FILE)),
  };
  const isEmpty = Object.values(mesh).every((declared: readonly unknown[]) => declared.length === 0);
  if (isEmpty)
    throw new UsageError(
      `${folder}: there is nothing of a mesh: expected ${FOLDERS.join(", ")} with YAML files`,
    );
  return mesh;
}

async function yamlFiles(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).toSorted();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

async function readLineage(file: string): Promise<MeshFolder["lineage"]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  return parseResource(text, file, z.array(lineageInput)).map((value) => ({ file, value }));
}

/** Where ODCS says what is ours under another name. */
const ODCS_FIELDS: Readonly<Record<string, string>> = {
  owner: "team",
  sla: "slaProperties",
  outputPorts: "servers",
  inputPorts: "customProperties",
  visibility: "customProperties",
  metadata: "customProperties",
  accessPolicy: "customProperties",
};

/** @throws ConfigFileError with file, line, field and what was expected */
export function parseContract(text: string, file: string): Contract {
  const document = readDocument(text, file);
  const read = fromOdcs(document.content);
  if (read.ok) return read.contract;
  throw new ConfigFileError(
    file,
    read.faults.map(({ path, message }) => {
      const [field = "", ...rest] = path.split(".");
      const at = ODCS_FIELDS[field] === undefined ? [field, ...rest] : [ODCS_FIELDS[field] ?? field];
      return {
        ...document.locate({ path: at.filter((part) => part !== ""), expected: message }),
        field: path,
      };
    }),
  );
}

function unique<T>(declared: Declared<T>[], idOf: (value: T) => string): Declared<T>[] {
  const files = new Map<string, string>();
  for (const { file, value } of declared) {
    const id = idOf(value);
    const other = files.get(id);
    if (other !== undefined)
      throw new UsageError(`${file}: "${id}" is in ${other} already: expected it once`);
    files.set(id, file);
  }
  return declared;
}
