import { ConfigFileError, HttpProblem, principalOf, readDocument, resource } from "@fieldmesh/runtime";
import express, { type Request, type Response } from "express";
import { stringify } from "yaml";
import { z } from "zod";
import { toAsyncApi } from "../exchange/asyncapi.js";
import { type ProductContract, readContract, writeContract } from "../exchange/contract.js";
import { fromOdcs, type ReadContract, toOdcs } from "../exchange/odcs.js";
import { versionNumber } from "../resources/version.js";
import { etagOf, ifMatch } from "./conditions.js";
import { parseQuery } from "./input.js";
import { idOf } from "./path.js";
import { permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";
import { shownTo } from "./shown.js";

const YAML = "application/yaml"; // RFC 9512
const YAML_TYPES = [YAML, "text/yaml", "application/x-yaml", "text/x-yaml"];
/** As much as a body of JSON may have. */
const MAX_YAML_BYTES = 262_144;

export const contractQuery = z.strictObject({
  format: z
    .enum(["json", "odcs"])
    .optional()
    .describe("odcs: as the Open Data Contract Standard 3.1, in YAML, or JSON where that is accepted"),
  version: versionNumber.optional().describe("the newest by default"),
});
export const asyncApiQuery = contractQuery.pick({ version: true });

const odcsBody = z.record(z.string(), z.unknown());

/** @param brokers addresses that are told in AsyncAPI */
export function contractRoutes(
  { router, catalogue, reads, writes }: RouteParts,
  brokers: readonly string[],
): void {
  const { seen, changes, declares } = permission(catalogue);
  const yamlText = express.text({ type: YAML_TYPES, limit: MAX_YAML_BYTES });
  resource(router, "/products/:id/contract", {
    get: reads(
      answered(async (request, response) => {
        const { format, version } = parseQuery(request, contractQuery);
        const { id } = seen(idOf(request), response).value;
        const { kept, contract } = await readContract(catalogue, id, version);
        response.set({ ETag: etagOf(kept), "Cache-Control": "private, no-cache" });
        response.vary("Accept").vary("Authorization").vary("Cookie");
        const product = shownTo(catalogue, response)(kept).value;
        sendContract(request, response, { ...contract, product }, format);
      }),
    ),
    put: [
      yamlText,
      ...writes(
        answered(async (request, response) => {
          const id = idOf(request);
          const read = readOdcs(request);
          if (read.product.id !== id) {
            const errors = [{ pointer: "/id", detail: `id: expected "${id}"`, value: read.product.id }];
            throw new HttpProblem(422, "invalid", `id: expected "${id}", as in the path`, { errors });
          }
          const isThere = catalogue.products.find(id) !== undefined;
          declares(isThere ? changes(id, response).value : undefined, read.product, response);
          const check = isThere ? ifMatch(request) : undefined;
          const { name } = principalOf(response);
          const { kept, contract } = await writeContract(catalogue, read, name, check);
          response.status(isThere ? 200 : 201).set({ ETag: etagOf(kept), "Cache-Control": "no-store" });
          response.json(contract);
        }),
      ),
    ],
  });
  resource(router, "/contracts", {
    post: [
      yamlText,
      ...writes(
        answered(async (request, response) => {
          const { name } = principalOf(response);
          const read = readOdcs(request);
          declares(undefined, read.product, response);
          const { kept, contract } = await writeContract(catalogue, read, name, undefined);
          response.status(201).set({
            ETag: etagOf(kept),
            Location: `/products/${contract.product.id}/contract`,
            "Cache-Control": "no-store",
          });
          response.json(contract);
        }),
      ),
    ],
  });
  resource(router, "/products/:id/asyncapi", {
    get: reads(
      answered(async (request, response) => {
        const { version } = parseQuery(request, asyncApiQuery);
        const { id } = seen(idOf(request), response).value;
        const { contract } = await readContract(catalogue, id, version);
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(toAsyncApi(contract, brokers));
      }),
    ),
  });
}

type ContractRead = Extract<ReadContract, { ok: true }>["contract"];

function sendContract(
  request: Request,
  response: Response,
  contract: ProductContract,
  format: "json" | "odcs" | undefined,
): void {
  const accepted = request.accepts(["application/json", ...YAML_TYPES]);
  const isYaml = YAML_TYPES.some((type) => type === accepted);
  if (format === "json" || (format === undefined && !isYaml)) {
    response.json(contract);
    return;
  }
  const document = toOdcs(contract);
  // A browser, and whoever takes anything, gets what people write by hand.
  if (request.accepts([YAML, "application/json"]) === "application/json") response.json(document);
  else response.type(`${YAML}; charset=utf-8`).send(stringify(document));
}

/** @throws HttpProblem 415 when it is neither JSON nor YAML; 422 naming what is wrong */
function readOdcs(request: Request): ContractRead {
  const body: unknown = request.body;
  if (body === undefined) {
    throw new HttpProblem(415, "not_json", `expected a body of Content-Type application/json or ${YAML}`);
  }
  const read = fromOdcs(typeof body === "string" ? fromYaml(body) : odcsBody.safeParse(body).data);
  if (read.ok) return read.contract;
  const errors = read.faults.slice(0, 20).map(({ path, message }) => ({
    pointer: path === "" ? "" : `/${path.replaceAll(".", "/")}`,
    detail: `${path === "" ? "contract" : path}: ${message}`,
  }));
  throw new HttpProblem(422, "invalid", errors[0]?.detail ?? "not a contract", { errors });
}

function fromYaml(text: string): unknown {
  try {
    return readDocument(text, "contract").content;
  } catch (error) {
    if (error instanceof ConfigFileError) throw new HttpProblem(422, "invalid", error.message);
    throw error;
  }
}
