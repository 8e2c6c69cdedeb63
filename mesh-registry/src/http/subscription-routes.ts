import { type Principal, principalOf, resource } from "@fieldmesh/runtime";
import type { Request, RequestHandler, Response } from "express";
import type { z } from "zod";
import {
  approval,
  refusal,
  type Subscription,
  subscriptionInput,
  subscriptionRequest,
} from "../resources/subscription.js";
import { RegistryError } from "../store/registry-error.js";
import type { Ruling } from "../store/subscriptions.js";
import type { Kept } from "../store/table.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates, type Made } from "./create.js";
import { parseQuery } from "./input.js";
import { nothingAsked, pageOf, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { forbidden, permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";
import { inboxList, subscriptionList, subscriptionsOfProductList } from "./subscription-lists.js";

/** Subscriptions: viewers ask, too, and who decides goes by what they own. */
export function subscriptionRoutes({ router, catalogue, reads: asks }: RouteParts): void {
  const { subscriptions, products, access, answers } = catalogue;
  const { seen } = permission(catalogue);

  const decides = (id: string, asker: Principal): boolean => {
    const kept = products.find(id);
    return kept === undefined ? asker.role === "admin" : access.mayDecide(kept.value, asker);
  };
  const isParty = ({ consumer, askedBy }: Subscription, { name }: Principal): boolean =>
    consumer === name || askedBy === name;
  /** Whether the asker may know of it: its consumer, who asked, and who decides. */
  const sees = (asker: Principal): ((subscription: Subscription) => boolean) => {
    const decided = new Map<string, boolean>();
    return (subscription) => {
      if (isParty(subscription, asker)) return true;
      let mayDecide = decided.get(subscription.product);
      if (mayDecide === undefined) {
        mayDecide = decides(subscription.product, asker);
        decided.set(subscription.product, mayDecide);
      }
      return mayDecide;
    };
  };
  const get = (request: Request, response: Response): Kept<Subscription> => {
    const id = idOf(request);
    const kept = subscriptions.get(id);
    if (sees(principalOf(response))(kept.value)) return kept;
    throw new RegistryError("not_found", `there is no subscription "${id}"`);
  };

  const ask = async (
    { product: id, consumer, ...asked }: z.output<typeof subscriptionInput>,
    response: Response,
  ): Promise<Made> => {
    const asker = principalOf(response);
    const product = seen(id, response).value;
    const mayDecide = access.mayDecide(product, asker);
    const name = consumer ?? asker.name;
    if (name !== asker.name && !mayDecide) {
      throw forbidden(
        `a subscription of ${name} is asked for by ${name}, by the owner of "${id}", or by an administrator`,
        id,
      );
    }
    const policy = access.policyFor(product, name === asker.name ? asker : { name, role: "viewer" });
    if (policy?.named === false && !mayDecide) {
      throw forbidden(`the access policy of version ${policy.version} of "${id}" does not name ${name}`, id);
    }
    const isAutomatic =
      policy?.named === true && policy.autoApprove && !wasShutOut(subscriptions.find(id, name)?.value);
    const { kept, made } = await subscriptions.ask({
      product: id,
      consumer: name,
      ...asked,
      by: asker.name,
      approved: isAutomatic
        ? { by: "registry:policy", reason: `the access policy of version ${policy.version} names ${name}` }
        : undefined,
    });
    const { value, json } = kept;
    return { location: `/subscriptions/${value.id}`, etag: etagOf(kept), status: made ? 201 : 200, json };
  };

  /** A route that decides about one that is there. */
  const rules = (
    schema: z.ZodType<Omit<Ruling, "by">>,
    verb: "approve" | "reject" | "revoke",
    mayRule: (subscription: Subscription, asker: Principal) => boolean,
  ): RequestHandler =>
    creates(answers, schema, async (input, request, response) => {
      const asker = principalOf(response);
      const { value } = get(request, response);
      if (!mayRule(value, asker)) {
        throw forbidden(
          `who gets "${value.product}" is decided by its owner, by who is of its domain, and by administrators`,
          value.product,
        );
      }
      // Optional: only what waits is decided, so two who decide at once are told apart without it.
      const check = request.get("If-Match") === undefined ? () => undefined : ifMatch(request);
      const kept = await subscriptions[verb](value.id, { ...input, by: asker.name }, check);
      return { location: `/subscriptions/${value.id}`, etag: etagOf(kept), status: 200, json: kept.json };
    });
  const decidesIt = ({ product }: Subscription, asker: Principal): boolean => decides(product, asker);

  resource(router, "/subscriptions", {
    get: asks(
      answered((request, response) => {
        const query = parseQuery(request, subscriptionList);
        const maySee = sees(principalOf(response));
        const where = filterOf(query);
        sendSlice(
          request,
          response,
          subscriptions.list({ ...pageOf(query), where: (each) => where(each) && maySee(each) }),
        );
      }),
    ),
    post: asks(
      creates(answers, subscriptionInput, async (input, _request, response) => ask(input, response)),
    ),
  });
  resource(router, "/subscriptions/inbox", {
    get: asks(
      answered((request, response) => {
        const query = parseQuery(request, inboxList);
        const asker = principalOf(response);
        const where = filterOf({ ...query, state: "requested" });
        sendSlice(
          request,
          response,
          subscriptions.list({ ...pageOf(query), where: (each) => where(each) && decidesIt(each, asker) }),
        );
      }),
    ),
  });
  resource(router, "/subscriptions/:id", {
    get: asks(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        sendResource(request, response, get(request, response));
      }),
    ),
  });
  resource(router, "/subscriptions/:id/approve", {
    post: asks(bodyOptional(rules(approval, "approve", decidesIt))),
  });
  resource(router, "/subscriptions/:id/reject", {
    post: asks(rules(refusal, "reject", decidesIt)),
  });
  resource(router, "/subscriptions/:id/revoke", {
    // Consumers leave by themselves.
    post: asks(
      rules(refusal, "revoke", (each, asker) => each.consumer === asker.name || decidesIt(each, asker)),
    ),
  });
  resource(router, "/products/:id/subscriptions", {
    get: asks(
      answered((request, response) => {
        const query = parseQuery(request, subscriptionsOfProductList);
        const { id } = seen(idOf(request), response).value;
        const maySee = sees(principalOf(response));
        const where = filterOf({ ...query, product: id });
        sendSlice(
          request,
          response,
          subscriptions.list({ ...pageOf(query), where: (each) => where(each) && maySee(each) }),
        );
      }),
    ),
    post: asks(
      creates(answers, subscriptionRequest, async (input, request, response) =>
        ask({ product: seen(idOf(request), response).value.id, ...input }, response),
      ),
    ),
  });
}

/** Whether its owner refused it or took it back last: a policy does not give that again by itself. */
function wasShutOut(subscription: Subscription | undefined): boolean {
  const last = subscription?.history.findLast(({ state }) => state !== "requested");
  const isRefusal = last?.state === "rejected" || last?.state === "revoked";
  return isRefusal && last.by !== subscription?.consumer && !last.by.startsWith("registry:");
}

/** An approval need not say anything. */
function bodyOptional(handler: RequestHandler): RequestHandler {
  return (request, response, next) => {
    request.body ??= {};
    return handler(request, response, next);
  };
}

function filterOf({
  product,
  consumer,
  state,
}: Pick<z.output<typeof subscriptionList>, "product" | "consumer" | "state">): (
  subscription: Subscription,
) => boolean {
  return (each) =>
    (product === undefined || each.product === product) &&
    (consumer === undefined || each.consumer === consumer) &&
    (state === undefined || each.state === state);
}
