import { HttpProblem, principalOf, resource } from "@fieldmesh/runtime";
import type { Response } from "express";

import { topicFiltersOf } from "../access/topic-filters.js";
import { type Addresses, httpWaysTo } from "../access/ways.js";
import type { BrokerAccess } from "../broker-access/broker-access.js";
import { credentialName } from "../broker-access/credential-name.js";
import { accessNote, accessReport } from "../resources/access-log.js";
import type { Product } from "../resources/product.js";
import type { BrokerCredential, ProductAccess } from "../resources/product-access.js";
import { RegistryError } from "../store/registry-error.js";
import { accessLogList, accessLogOfProductList } from "./access-lists.js";
import { creates } from "./create.js";
import { parseBody, parseQuery } from "./input.js";
import { nothingAsked, pageOf, sendList } from "./lists.js";
import { idOf } from "./path.js";
import { forbidden, permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

export interface AccessRoutesParts {
  /** Undefined without a broker. */
  door: BrokerAccess | undefined;
  addresses: Addresses;
}

const NO_BROKER = { available: false, reason: "no broker is configured" };
const RETRY_SECONDS = 5;

/** How somebody gets at data, and who did. */
export function accessRoutes(
  { router, catalogue, reads: asks }: RouteParts,
  { door, addresses }: AccessRoutesParts,
): void {
  const { access, accessLog, subscriptions, credentials, products, answers } = catalogue;
  const { seen } = permission(catalogue);

  const mqttOf = (product: Product, consumer: string, may: ProductAccess["may"]): ProductAccess["mqtt"] => {
    const topics = topicFiltersOf(product);
    if (topics.length === 0 || !may.allowed) return undefined;
    const { available, reason } = door?.state ?? NO_BROKER;
    return {
      urls: [...addresses.brokers],
      topics,
      username: credentialName(consumer),
      open: access.grantsOf(consumer).has(product.id),
      ...(may.until === undefined ? {} : { until: may.until }),
      credential: credentials.of(consumer) === undefined ? "none" : "made",
      available,
      ...(reason === undefined ? {} : { reason }),
    };
  };

  resource(router, "/products/:id/access", {
    get: asks(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        const asker = principalOf(response);
        const product = seen(idOf(request), response).value;
        const may = access.mayRead(product, asker);
        const mqtt = mqttOf(product, asker.name, may);
        const answer: ProductAccess = {
          product: product.id,
          may,
          ...(mqtt === undefined ? {} : { mqtt }),
          http: may.allowed ? httpWaysTo(product, addresses) : [],
        };
        response.set({ "Cache-Control": "no-store" }).json(answer);
      }),
    ),
  });
  resource(router, "/subscriptions/:id/credential", {
    // Without an Idempotency-Key: answers that are kept for it would keep the password.
    post: asks(
      answered(async (request, response) => {
        const { name, role } = principalOf(response);
        const id = idOf(request);
        const { consumer, product } = subscriptions.get(id).value;
        // Its password opens every product of the consumer: owners of one of them do not get it.
        if (consumer !== name && role !== "admin") {
          // Word for word what is said of one that is not there: its id can be worked out of product and consumer.
          throw new RegistryError("not_found", `there is no subscription "${id}"`);
        }
        const grants = access.grantsOf(consumer);
        if (!grants.has(product)) {
          throw new RegistryError(
            "conflict",
            `"${product}" is not open to ${consumer} at the broker: expected an approved subscription, and a product that is active and has topics`,
          );
        }
        const { username, password } = await renewed(consumer, grants);
        await credentials.made(consumer, username, name);
        const answer: BrokerCredential = {
          consumer,
          username,
          password,
          urls: [...addresses.brokers],
          topics: [...new Set([...grants.values()].flat())],
        };
        response.status(201).set("Cache-Control", "no-store").json(answer);
      }),
    ),
  });
  const renewed = async (
    consumer: string,
    grants: ReadonlyMap<string, readonly string[]>,
  ): Promise<{ username: string; password: string }> => {
    if (door === undefined) throw unavailable(NO_BROKER.reason);
    try {
      await door.set(consumer, grants);
      return await door.renew(consumer);
    } catch (cause) {
      throw unavailable(
        door.state.reason ?? (cause instanceof Error ? cause.message : "it does not answer"),
        cause,
      );
    }
  };

  resource(router, "/products/:id/access-log", {
    get: asks(
      answered(async (request, response) => {
        const query = parseQuery(request, accessLogOfProductList);
        const product = seen(idOf(request), response).value;
        if (!access.mayDecide(product, principalOf(response))) {
          throw forbidden(
            `who read "${product.id}" is for its owner, for who is of its domain, and for administrators`,
            product.id,
          );
        }
        const { limit } = pageOf(query);
        const { allowed, after } = query;
        sendList(request, response, await accessLog.list({ product: product.id, allowed, after, limit }));
      }),
    ),
    post: asks(
      creates(answers, accessNote, async ({ what, consumer }, request, response) => {
        const asker = principalOf(response);
        const product = seen(idOf(request), response).value;
        const who = consumer ?? asker.name;
        if (who !== asker.name && !access.mayDecide(product, asker)) {
          throw forbidden(
            `what ${who} did is told by ${who}, by the owner of "${product.id}", or by administrators`,
            product.id,
          );
        }
        const { allowed, reason } = access.mayRead(
          product,
          who === asker.name ? asker : { name: who, role: "viewer" },
        );
        const value = accessLog.record({ product: product.id, who, what, allowed, reason, via: "client" });
        return { location: `/products/${product.id}/access-log`, value };
      }),
    ),
  });
  resource(router, "/access-log", {
    get: asks(
      answered(async (request, response) => {
        const { product, after, ...query } = parseQuery(request, accessLogList);
        onlyAdmin(response);
        sendList(request, response, await accessLog.list({ product, after, limit: pageOf(query).limit }));
      }),
    ),
    post: asks(
      answered((request, response) => {
        const { entries } = parseBody(request, accessReport);
        onlyAdmin(response);
        const unknown = new Set<string>();
        for (const entry of entries) {
          if (products.find(entry.product) === undefined) unknown.add(entry.product);
          else accessLog.record(entry);
        }
        const taken = entries.filter(({ product }) => !unknown.has(product)).length;
        response.set("Cache-Control", "no-store").json({ taken, unknown: [...unknown] });
      }),
    ),
  });
}

/** What others did is told by the services of this installation. */
function onlyAdmin(response: Response): void {
  const { name, role } = principalOf(response);
  if (role === "admin") return;
  throw new HttpProblem(403, "role_required", `this needs the role admin; ${name} is ${role}`);
}

function unavailable(reason: string, cause?: unknown): HttpProblem {
  const extras = { headers: { "Retry-After": String(RETRY_SECONDS) } };
  return new HttpProblem(503, "broker_unavailable", `the broker cannot be told now: ${reason}`, extras, {
    cause,
  });
}
