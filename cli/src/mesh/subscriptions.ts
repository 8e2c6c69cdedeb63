import type { MeshClient, Subscription } from "@fieldmesh/mesh-registry/client";
import { FailureError, UsageError } from "../exit.js";
import { type Terminal, table } from "../terminal.js";
import { shortened } from "./products.js";
import { print, type RegistryOptions, when, withMesh } from "./registry.js";

export interface SubscriptionFilter extends RegistryOptions {
  product?: string;
  consumer?: string;
  state?: string;
  inbox?: boolean;
}

export interface AskOptions extends RegistryOptions {
  purpose: string;
  consumer?: string;
  consumerDomain?: string;
  /** ms from now. */
  for?: number;
}

export interface DecisionOptions extends RegistryOptions {
  reason?: string;
  /** ms from now. */
  for?: number;
  consumer?: string;
}

export async function listSubscriptions(options: SubscriptionFilter, terminal: Terminal): Promise<void> {
  const { registry: _registry, json: _json, inbox, ...query } = options;
  const { product } = query;
  const found = await withMesh(options, terminal, (mesh) =>
    inbox === true
      ? mesh.subscriptions.inbox(product === undefined ? {} : { product })
      : mesh.subscriptions.list(query),
  );
  const rows = found.map(({ id, product: of, consumer, state, expiresAt, purpose }) => [
    id,
    of,
    consumer,
    state,
    when(expiresAt),
    shortened(purpose),
  ]);
  await print(terminal, options, found, () =>
    table([["SUBSCRIPTION", "PRODUCT", "CONSUMER", "STATE", "UNTIL", "PURPOSE"], ...rows]),
  );
}

export async function askForProduct(product: string, options: AskOptions, terminal: Terminal): Promise<void> {
  const { purpose, consumer, consumerDomain } = options;
  const subscription = await withMesh(options, terminal, (mesh) =>
    mesh.subscriptions.ask({
      product,
      purpose,
      ...(consumer === undefined ? {} : { consumer }),
      ...(consumerDomain === undefined ? {} : { consumerDomain }),
      ...(options.for === undefined ? {} : { expiresAt: Date.now() + options.for }),
    }),
  );
  await print(terminal, options, subscription, () => told(subscription));
}

/** By the subscription's id, or by the product where `--consumer` says whose it is. */
export async function decide(
  verb: "approve" | "reject" | "revoke",
  idOrProduct: string,
  options: DecisionOptions,
  terminal: Terminal,
): Promise<void> {
  const { reason } = options;
  if (verb !== "approve" && reason === undefined)
    throw new UsageError(`${verb}: --reason is needed: the consumer reads it`);
  const subscription = await withMesh(options, terminal, async (mesh) => {
    const id = await idOf(mesh, idOrProduct, options.consumer);
    if (verb === "approve") {
      return mesh.subscriptions.approve(id, {
        ...(reason === undefined ? {} : { reason }),
        ...(options.for === undefined ? {} : { expiresAt: Date.now() + options.for }),
      });
    }
    return mesh.subscriptions[verb](id, reason ?? "");
  });
  await print(terminal, options, subscription, () => told(subscription));
}

async function idOf(mesh: MeshClient, idOrProduct: string, consumer: string | undefined): Promise<string> {
  if (consumer === undefined) return idOrProduct;
  const [found] = await mesh.subscriptions.list({ product: idOrProduct, consumer });
  if (found === undefined) throw new FailureError(`${consumer} has not asked for ${idOrProduct}`);
  return found.id;
}

function told({ id, product, consumer, state, reason, expiresAt }: Subscription): string {
  const until = expiresAt === undefined ? "" : ` until ${when(expiresAt)}`;
  const why = reason === undefined || reason === "" ? "" : `: ${reason}`;
  return `${product} for ${consumer}: ${state}${until}${why} (${id})`;
}
