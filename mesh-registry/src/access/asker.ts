import type { Principal } from "@fieldmesh/runtime";
import type { Domain } from "../resources/domain.js";

/** Who asks: a signed-in principal, or what is told of one. */
export type Asker = Pick<Principal, "name" | "role" | "scopes">;

/** Owner of what nobody has claimed yet, as a birth made it. */
export const UNCLAIMED = "unclaimed";

/** Whether somebody belongs to a domain: its owner, one of its team, or whose credential says so. */
export function isOfDomain(domain: Domain, { name, scopes }: Pick<Asker, "name" | "scopes">): boolean {
  return domain.owner === name || domain.team.includes(name) || scopes?.domains.includes(domain.id) === true;
}
