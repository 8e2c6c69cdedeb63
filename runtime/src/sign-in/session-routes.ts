import type { Router } from "express";
import { z } from "zod";
import { HttpProblem } from "../http/problem.js";
import { parseBody } from "../http/request-body.js";
import { resource } from "../http/resource.js";
import { MAX_PASSWORD } from "./password-hash.js";
import type { Principal, SignIn } from "./sign-in.js";

const credentials = z.strictObject({
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(MAX_PASSWORD),
});

/** What a page sees of a person. */
function shown({ name, role, scopes }: Principal): Pick<Principal, "name" | "role"> & { domains?: string[] } {
  // A page shows what its user may do: much of that goes by the domains that are the user's.
  const domains = scopes?.domains ?? [];
  return { name, role, ...(domains.length === 0 ? {} : { domains: [...domains] }) };
}

/**
 * `GET`: `{user: {name, role, domains?} | null, required}`; `POST {name, password}`: signs in, `{user}`;
 * `DELETE`: signs out.
 */
export function addSessionRoutes(router: Router, path: string, signIn: SignIn): void {
  resource(router, path, {
    get: async (request, response) => {
      const principal = await signIn.identify(request.headers, request.socket.remoteAddress);
      response.set("Cache-Control", "no-store").json({
        user: principal === undefined ? null : shown(principal),
        required: signIn.required,
      });
    },
    post: async (request, response) => {
      if (!signIn.required) {
        throw new HttpProblem(
          409,
          "no_users",
          "there are no users yet: `fieldmesh users add <name> --role admin`",
        );
      }
      const principal = await signIn.signIn(request, response, parseBody(request, credentials));
      response.set("Cache-Control", "no-store").json({ user: shown(principal) });
    },
    delete: async (request, response) => {
      await signIn.signOut(request, response);
      response.status(204).end();
    },
  });
}
