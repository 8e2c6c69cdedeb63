import { may, session } from "../state.js";
import { type Domain, type Product, UNCLAIMED } from "./types.js";

/** As the registry decides, which has the last word: this only hides what it would refuse. */

/** Whether the user may change this product, which takes an operator. Of its domain more is known once it was read. */
export function mayTend(product: Product, domain: Domain | undefined): boolean {
  if (!may("operator")) return false;
  if (mayDecide(product, domain)) return true;
  return product.owner === UNCLAIMED && mayClaimIn(domain);
}

/** Whether the user may decide who reads it, and attest what nobody measures. */
export function mayDecide({ owner, domain: of }: Product, domain: Domain | undefined): boolean {
  const now = session.value;
  if (now.state !== "signed-in") return false;
  return may("admin") || owner === now.name || isOf(of, domain);
}

export function mayTendDomain(domain: Domain): boolean {
  return may("admin") || (may("operator") && (isOf(domain.id, domain) || domain.owner === UNCLAIMED));
}

/** In a domain that is somebody's, so are the streams that come up in it. */
function mayClaimIn(domain: Domain | undefined): boolean {
  return domain === undefined || domain.owner === UNCLAIMED;
}

function isOf(id: string, domain: Domain | undefined): boolean {
  const now = session.value;
  if (now.state !== "signed-in") return false;
  if (now.domains.includes(id)) return true;
  return domain !== undefined && (domain.owner === now.name || domain.team.includes(now.name));
}
