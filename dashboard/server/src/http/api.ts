import type { HttpApi } from "@fieldmesh/protocol";
import {
  CommandRefusedError,
  HttpProblem,
  LinkLostError,
  NotConnectedError,
  type ProblemExtras,
  parseBody,
  principalOf,
  RequestInterruptedError,
  RequestTimeoutError,
  resource,
  type SignIn,
  TooManyRequestsError,
} from "@fieldmesh/runtime";
import { type Request, type RequestHandler, Router } from "express";
import { z } from "zod";
import { ActionError, type Actions } from "../actions.js";
import { streamFrame } from "../feed/encoder.js";
import { ChannelError } from "../notify/channel.js";
import { type Notifier, UnknownChannelError } from "../notify/notifier.js";
import type { Windows } from "../window/windows.js";

type User = NonNullable<HttpApi["session"]["user"]>;

export interface ApiOptions {
  signIn: Pick<SignIn, "requireRole">;
  actions: Actions;
  notifier: Notifier;
  windows: Windows;
  state: (user: User) => HttpApi["state"];
  clock: () => number;
}

const MAX_NOTE = 500; // characters

const ackBody = z.strictObject({
  key: z.string().min(1).max(200),
  boot: z.number().min(0),
  seq: z.number().min(0),
  note: z.string().max(MAX_NOTE).optional(),
});

const name = z.string().min(1).max(32);
const commandBody = z.strictObject({ domain: name, node: name, name, args: z.unknown() });

/** The HTTP interface that `protocol/src/frames.ts` documents, but for the sessions. */
export function apiRoutes(options: ApiOptions): Router {
  const { signIn, actions, notifier, windows, clock } = options;
  const router = Router();
  resource(router, "/api/state", {
    get: [signIn.requireRole("viewer"), answered((_request, user) => Promise.resolve(options.state(user)))],
  });
  resource(router, "/api/streams/:stream/window", {
    get: [
      signIn.requireRole("viewer"),
      answered((request) => {
        const ring = windows.get(param(request, "stream"));
        if (ring === undefined)
          throw new HttpProblem(404, "stream_unknown", "no reading of this stream is known");
        const now = clock();
        ring.evict(now);
        return Promise.resolve(streamFrame(ring, ring.oldest, ring.next, true, now));
      }),
    ],
  });
  resource(router, "/api/acks", {
    post: [
      signIn.requireRole("operator"),
      answered((request, user) => actions.acknowledge(parseBody(request, ackBody), user.name)),
    ],
  });
  resource(router, "/api/commands", {
    post: [
      signIn.requireRole("operator"),
      answered((request, user) => {
        const { args, ...target } = parseBody(request, commandBody);
        return actions.command(target, args, user.name);
      }),
    ],
  });
  resource(router, "/api/nodes/:domain/:node", {
    delete: [
      signIn.requireRole("admin"),
      answered((request, user) =>
        actions.removeNode(param(request, "domain"), param(request, "node"), user.name),
      ),
    ],
  });
  resource(router, "/api/nodes/:domain/:node/sensors/:sensor", {
    delete: [
      signIn.requireRole("admin"),
      answered((request, user) =>
        actions.removeSensor(
          {
            domain: param(request, "domain"),
            node: param(request, "node"),
            sensor: param(request, "sensor"),
          },
          user.name,
        ),
      ),
    ],
  });
  resource(router, "/api/channels", {
    get: [signIn.requireRole("viewer"), answered(() => Promise.resolve(notifier.views()))],
  });
  resource(router, "/api/channels/:name/test", {
    post: [
      signIn.requireRole("admin"),
      answered(async (request) => {
        await notifier.test(param(request, "name"));
        return { ok: true };
      }),
    ],
  });
  return router;
}

/** Answers with what the handler gives; its errors become problems. */
function answered(handler: (request: Request, user: User) => Promise<unknown>): RequestHandler {
  return async (request, response) => {
    try {
      const { name: userName, role } = principalOf(response);
      const body = await handler(request, { name: userName, role });
      response.set("Cache-Control", "no-store").json(body);
    } catch (error) {
      throw problemOf(error);
    }
  };
}

function problemOf(error: unknown): unknown {
  const cause = { cause: error };
  if (error instanceof ActionError) {
    return new HttpProblem(error.status, error.code, error.message, fieldOf(error, "/"), cause);
  }
  if (error instanceof UnknownChannelError) {
    return new HttpProblem(404, "channel_unknown", error.message, {}, cause);
  }
  if (error instanceof ChannelError) {
    return new HttpProblem(502, "channel_failed", error.message, {}, cause);
  }
  if (error instanceof CommandRefusedError) {
    return new HttpProblem(422, error.code, error.message, fieldOf(error, "/args/"), cause);
  }
  if (error instanceof RequestTimeoutError) return new HttpProblem(504, error.code, error.message, {}, cause);
  if (error instanceof TooManyRequestsError || error instanceof RequestInterruptedError)
    return new HttpProblem(503, error.code, error.message, {}, cause);
  if (error instanceof NotConnectedError || error instanceof LinkLostError) {
    return new HttpProblem(503, "broker_away", "the broker cannot be reached: try again", {}, cause);
  }
  return error;
}

/** A field as `set.limit` or `held[0]`, as a JSON pointer. */
function fieldOf(error: { field: string | undefined; message: string }, under: string): ProblemExtras {
  if (error.field === undefined) return {};
  const pointer = under + error.field.replace(/[.[]/g, "/").replaceAll("]", "");
  return { errors: [{ pointer, detail: error.message }] };
}

function param(request: Request, key: string): string {
  const value = request.params[key];
  return typeof value === "string" ? value : "";
}
