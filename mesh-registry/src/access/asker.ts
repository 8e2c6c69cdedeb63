import type { Principal } from "@fieldmesh/runtime";
import type { Domain } from "../resources/domain.js";
import { UNCLAIMED } from "../store/observations.js";

export { UNCLAIMED };

/** Who asks: a signed-in principal, or what is told of one. */
export type Asker = Pick<Principal, "name" | "role" | "scopes">;

/** Whether somebody belongs to a domain: its owner, one of its team, or whose credential says so. */
export function isOfDomain(domain: Domain, { name, scopes }: Pick<Asker, "name" | "scopes">): boolean {
  return owns(domain, { name }) || domain.team.includes(name) || scopes?.domains.includes(domain.id) === true;
}

/** Nobody is called as what belongs to nobody, also who is. */
export function owns({ owner }: { owner: string }, { name }: Pick<Asker, "name">): boolean {
  return owner === name && owner !== UNCLAIMED;
}
