import type { Role } from "@fieldmesh/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { session } from "../state.js";
import { mayDecide, mayTend, mayTendDomain } from "./rights.js";
import { type Domain, type Product, UNCLAIMED } from "./types.js";

const domainOf = (owner: string, team: string[] = []): Domain => ({
  id: "env",
  name: "Environment",
  owner,
  team,
  description: "",
  createdAt: 0,
  updatedAt: 0,
});
const productOf = (owner: string): Product => ({
  id: "air",
  domain: "env",
  owner,
  description: "",
  tags: [],
  status: "active",
  visibility: "restricted",
  sla: {},
  metadata: {},
  outputPorts: [],
  inputPorts: [],
  createdAt: 0,
  updatedAt: 0,
});

function signIn(role: Role, domains: string[] = []): void {
  session.value = { state: "signed-in", name: "bob", role, domains, required: true };
}

afterEach(() => {
  session.value = { state: "unknown" };
});

describe("what is offered", () => {
  it("to a viewer whose product it is: to decide about it, and not to change it", () => {
    signIn("viewer", ["env"]);
    expect(mayDecide(productOf("bob"), undefined)).toBe(true);
    expect(mayTend(productOf("bob"), domainOf("ann", ["bob"]))).toBe(false);
    expect(mayTendDomain(domainOf("bob"))).toBe(false);
  });

  it("to an operator: what is theirs, and what nobody owns in a domain that is nobody's", () => {
    signIn("operator");
    expect(mayTend(productOf("bob"), domainOf("ann"))).toBe(true);
    expect(mayTend(productOf("ann"), domainOf("ann", ["bob"]))).toBe(true);
    expect(mayTend(productOf("ann"), domainOf("ann"))).toBe(false);
    expect(mayTend(productOf(UNCLAIMED), domainOf(UNCLAIMED))).toBe(true);
    expect(mayTend(productOf(UNCLAIMED), domainOf("ann"))).toBe(false);
    expect([mayTendDomain(domainOf("ann", ["bob"])), mayTendDomain(domainOf("ann"))]).toEqual([true, false]);
  });

  it("to an administrator: everything", () => {
    signIn("admin");
    expect(mayTend(productOf("ann"), undefined) && mayTendDomain(domainOf("ann"))).toBe(true);
  });
});
