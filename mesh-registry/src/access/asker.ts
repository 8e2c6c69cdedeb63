import type { Principal } from "@fieldmesh/runtime";
import type { Domain } from "../resources/domain.js";

/** Who asks: a signed-in principal, or what is told of one. */
export type Asker = Pick<Principal, "name" | "role" | "scopes">;

export { UNCLAIMED } from "../store/observations.js";

/** Whether somebody belongs to a domain: its owner, one of its team, or whose credential says so. */
export function isOfDomain(domain: Domain, { name, scopes }: Pick<Asker, "name" | "scopes">): boolean {
  return domain.owner === name || domain.team.includes(name) || scopes?.domains.includes(domain.id) === true;
}
