import { may, session } from "../state.js";
import { type Domain, type Product, UNCLAIMED } from "./types.js";

/**
 * Whether the user may be allowed to change this product and to decide who reads it. The registry decides; this only
 * hides what it would surely refuse.
 */
export function mayTend(product: Product, domain: Domain | undefined): boolean {
  const now = session.value;
  if (now.state !== "signed-in") return false;
  if (may("operator")) return true;
  if (product.owner === UNCLAIMED) return false;
  return product.owner === now.name || isOf(domain, now.name);
}

/** The same of a domain. */
export function mayTendDomain(domain: Domain): boolean {
  const now = session.value;
  return now.state === "signed-in" && (may("operator") || isOf(domain, now.name));
}

function isOf(domain: Domain | undefined, name: string): boolean {
  return domain !== undefined && (domain.owner === name || domain.team.includes(name));
}
