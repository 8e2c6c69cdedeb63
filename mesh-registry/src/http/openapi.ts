import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from "@asteasolutions/zod-to-openapi";
import { z } from "zod";
import { domain, domainInput, domainUpdate } from "../resources/domain.js";
import { domainId, resourceId } from "../resources/fields.js";
import { lineageEdge, lineageInput } from "../resources/lineage-edge.js";
import { product, productInput, productUpdate } from "../resources/product.js";
import { version, versionInput, versionNumber } from "../resources/version.js";
import { domainList, lineageList, productList, relativeList, versionList } from "./lists.js";

type Description = ReturnType<OpenApiGeneratorV31["generateDocument"]>;

interface Operation {
  path?: Record<string, z.ZodType>;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Asks for `If-Match`. */
  conditional?: boolean;
  /** Takes an `Idempotency-Key`. */
  creates?: boolean;
  /** What is answered when all is well: of a list, one entry. */
  answer?: z.ZodType;
  status?: 200 | 201 | 204;
}

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe("stable: programs decide by it"),
    detail: z.string(),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe("JSON pointer of the field (RFC 6901)"),
          detail: z.string(),
          value: z.string().optional(),
          expected: z.string().optional(),
        }),
      )
      .optional(),
    requestId: z.string(),
  })
  .meta({ id: "Problem" });

const relative = z
  .object({ product: resourceId, depth: z.number().int().min(1).describe("steps between the two") })
  .meta({ id: "Relative" });
const health = z.object({ status: z.literal("healthy"), version: z.string() }).meta({ id: "Health" });

let made: { version: string; description: Description } | undefined;

/** OpenAPI 3.1 of the registry. */
export function registryDescription(of: string): Description {
  if (made?.version !== of) made = { version: of, description: describe(of) };
  return made.description;
}

function describe(of: string): Description {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  const add = (method: RouteConfig["method"], path: string, summary: string, its: Operation): void => {
    registry.registerPath({
      method,
      path,
      summary,
      security: path === "/health" ? [] : [{ token: [] }],
      request: requestOf(its),
      responses: responsesOf(its),
    });
  };
  const inDomain = { id: domainId };
  const inProduct = { id: resourceId };
  const step = { source: resourceId, target: resourceId };

  add("get", "/domains", "Domains, by id", { query: domainList, answer: domain });
  add("post", "/domains", "Registers a domain", {
    body: domainInput,
    answer: domain,
    status: 201,
    creates: true,
  });
  add("get", "/domains/{id}", "One domain", { path: inDomain, answer: domain });
  add("put", "/domains/{id}", "Replaces what is said of a domain", {
    path: inDomain,
    body: domainUpdate,
    answer: domain,
    conditional: true,
  });
  add("delete", "/domains/{id}", "Removes a domain that has no products", {
    path: inDomain,
    status: 204,
    conditional: true,
  });
  add("get", "/products", "Data products, by id; drafts only when asked for", {
    query: productList,
    answer: product,
  });
  add("post", "/products", "Registers a data product", {
    body: productInput,
    answer: product,
    status: 201,
    creates: true,
  });
  add("get", "/products/{id}", "One data product", { path: inProduct, answer: product });
  add("put", "/products/{id}", "Replaces what is declared of a product", {
    path: inProduct,
    body: productUpdate,
    answer: product,
    conditional: true,
  });
  add("delete", "/products/{id}", "Retires a product and ends its lineage", {
    path: inProduct,
    answer: product,
    conditional: true,
  });
  add("get", "/products/{id}/versions", "Versions of a product, newest first", {
    path: inProduct,
    query: versionList,
    answer: version,
  });
  add("post", "/products/{id}/versions", "Publishes a version, which never changes", {
    path: inProduct,
    body: versionInput,
    answer: version,
    status: 201,
    creates: true,
  });
  add("get", "/products/{id}/versions/{version}", "One version", {
    path: { ...inProduct, version: versionNumber },
    answer: version,
  });
  add("get", "/lineage", "Steps of lineage, by source and target", {
    query: lineageList,
    answer: lineageEdge,
  });
  add("post", "/lineage", "Says that one product is made from another", {
    body: lineageInput,
    answer: lineageEdge,
    status: 201,
    creates: true,
  });
  add("get", "/lineage/steps/{source}/{target}", "One step", { path: step, answer: lineageEdge });
  add("delete", "/lineage/steps/{source}/{target}", "Takes a step back", { path: step, status: 204 });
  add("get", "/lineage/upstream/{id}", "Where a product comes from, nearest first", {
    path: inProduct,
    query: relativeList,
    answer: relative,
  });
  add("get", "/lineage/downstream/{id}", "What is made of a product, nearest first", {
    path: inProduct,
    query: relativeList,
    answer: relative,
  });
  add("get", "/health", "Whether it is there", { answer: health });
  add("get", "/openapi.json", "This description", { answer: z.record(z.string(), z.unknown()) });
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "Fieldmesh mesh registry",
      version: of,
      description: "Domains, data products, their versions and their lineage. Times are ms since the epoch.",
    },
  });
}

function requestOf({
  path,
  query,
  body,
  conditional,
  creates,
}: Operation): NonNullable<RouteConfig["request"]> {
  const headers = {
    ...(conditional === true ? { "If-Match": z.string().describe("ETag of what was read, or *") } : {}),
    ...(creates === true
      ? { "Idempotency-Key": z.string().optional().describe("the same for a day: the same answer") }
      : {}),
  };
  return {
    ...(path === undefined ? {} : { params: z.object(path) }),
    ...(query === undefined ? {} : { query }),
    ...(Object.keys(headers).length === 0 ? {} : { headers: z.object(headers) }),
    ...(body === undefined
      ? {}
      : { body: { required: true, content: { "application/json": { schema: body } } } }),
  };
}

function responsesOf(its: Operation): Record<string, ResponseConfig> {
  const { path, query, body, conditional, creates, answer, status = 200 } = its;
  const schema = answer === undefined || query === undefined ? answer : z.array(answer);
  const description =
    query === undefined ? "as it is now" : "`Link` has the next page, `X-Total-Count` the sum";
  const isWrite = body !== undefined || conditional === true || status === 204;
  return {
    [status]: {
      description,
      ...(schema === undefined ? {} : { content: { "application/json": { schema } } }),
    },
    401: problem("sign in, or send a token"),
    403: problem("the role is not enough, or the page is another site's"),
    422: problem("a field is wrong: `errors` names it, its value and what was expected"),
    429: problem("too many requests: `Retry-After` says how long to wait"),
    503: problem("the store cannot be reached: `Retry-After`"),
    ...(path === undefined ? {} : { 404: problem("there is no such thing") }),
    ...(isWrite ? { 409: problem("others need it, there is one already, or what it is forbids it") } : {}),
    ...(body === undefined
      ? {}
      : { 400: problem("not JSON"), 413: problem("too large"), 415: problem("not JSON in UTF-8") }),
    ...(conditional === true ? { 428: problem("`If-Match` is missing") } : {}),
    ...(isWrite && (conditional === true || creates === true)
      ? { 412: problem("it was changed since it was read") }
      : {}),
  };
}

function problem(description: string): ResponseConfig {
  return { description, content: { "application/problem+json": { schema: problemSchema } } };
}
