import { HttpProblem, type Principal, principalOf, resource } from "@fieldmesh/runtime";
import type { Request, RequestHandler, Response } from "express";
import type { Decision } from "../../access/decisions.js";
import { type StreamIndex, streamsNamedBy } from "../../observe/stream-index.js";
import { isReservedId } from "../../resources/fields.js";
import type { Product } from "../../resources/product.js";
import { parseQuery } from "../input.js";
import { idOf } from "../path.js";
import { demand } from "../permission.js";
import type { RouteParts } from "../route-parts.js";
import { asSeed, seedAnswered } from "./envelope.js";
import type { HistorianReader } from "./historian-reader.js";
import { seedDataList } from "./seed-data.js";

const DEFAULT_LIMIT = 100;
/** Products that are named where several are meant. */
const MAX_NAMED = 5;

/** `/data/{domain}/{dataset}`, and `/{domain}/{dataset}`: added after every other route. */
export function seedDataRoutes(
  { router, catalogue, reads }: RouteParts,
  { historian, index }: { historian: HistorianReader; index: Pick<StreamIndex, "governorOf"> },
): void {
  const { products, access, accessLog } = catalogue;

  const record = ({ id }: Product, { name }: Principal, { allowed, reason }: Decision): void => {
    accessLog.record({ product: id, who: name, what: "read", allowed, reason, via: "registry" });
  };
  /** @throws ForbiddenProblem, which the log has, too */
  const told = (product: Product, asker: Principal, may: Decision): void => {
    if (!may.allowed) record(product, asker, may);
    demand(may);
  };
  /** What is meant: a product by its id, or the one of this domain with a sensor of that name. */
  const findProduct = (domain: string, dataset: string, response: Response): Product => {
    const asker = principalOf(response);
    const isHere = (product: Product): boolean =>
      product.domain === domain && product.status !== "retired" && access.maySee(product, asker);
    const named = products.find(dataset)?.value;
    if (named !== undefined && isHere(named)) return named;
    const where = (product: Product): boolean => isHere(product) && sensorOf(product) === dataset;
    const { items, total } = products.list({ where, limit: MAX_NAMED });
    const [only] = items;
    if (only !== undefined && total === 1) return only.value;
    if (total === 0) {
      throw notFound(
        `there is no data product "${dataset}" in domain "${domain}", and none of such a sensor`,
      );
    }
    const some = items.map(({ value }) => value.id).join(", ");
    throw notFound(
      `${total} data products of domain "${domain}" have a sensor "${dataset}": ask for ${some}`,
    );
  };

  const handler = seedAnswered(async (request: Request, response: Response) => {
    const { limit = DEFAULT_LIMIT, start_date: from, end_date: to } = parseQuery(request, seedDataList);
    const product = findProduct(idOf(request, "domain"), idOf(request, "dataset"), response);
    const asker = principalOf(response);
    const may = access.mayRead(product, asker);
    told(product, asker, may);
    const stream = streamOf(product);
    // Who names another's stream in a port of its own has no say over it.
    const governor = index.governorOf(stream);
    if (governor !== undefined && governor.id !== product.id) {
      told(governor, asker, access.mayRead(governor, asker));
    }
    const rows = await historian.read(stream, { limit, from, to });
    record(product, asker, may);
    response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" }).json(rows);
  });
  resource(router, "/data/:domain/:dataset", { get: [asSeed, ...reads(handler)] });
  const unlessReserved: RequestHandler = (request, response, next) => {
    const { domain } = request.params;
    if (typeof domain !== "string" || isReservedId(domain)) next("route");
    else asSeed(request, response, next);
  };
  router.get("/:domain/:dataset", unlessReserved, ...reads(handler));
}

/** The stream whose readings are the product's data. @throws HttpProblem 404 with the reason where there is none */
function streamOf(product: Product): string {
  const [stream] = streamsNamedBy(product);
  if (stream !== undefined) return stream;
  const addresses = product.outputPorts.flatMap((port) => (port.kind === "http" ? [port.address] : []));
  const why =
    addresses.length > 0
      ? `its data is at ${addresses.join(", ")}`
      : "it has no output port of exactly one stream, as env/greenhouse/temperature/raw";
  throw notFound(`data product "${product.id}" has no port that can be read here: ${why}`);
}

function sensorOf(product: Product): string | undefined {
  const [stream] = streamsNamedBy(product);
  return stream?.split("_").at(-1);
}

function notFound(detail: string): HttpProblem {
  return new HttpProblem(404, "not_found", detail);
}
