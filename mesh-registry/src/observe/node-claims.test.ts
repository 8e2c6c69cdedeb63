import type { Status } from "@fieldmesh/protocol";
import { describe, expect, test } from "vitest";
import { NodeClaims } from "./node-claims.js";

const T0 = 1_700_000_000_000;

/** A story of one node, told in seconds. */
function story() {
  const claims = new NodeClaims(10);
  let at = T0;
  const it = {
    claims,
    after: (seconds: number) => {
      at += seconds * 1_000;
      return it;
    },
    birth: (host: string, boot: number, live = true) => {
      claims.birth({ domain: "env", node: "desk", host, boot }, live, at);
      return it;
    },
    says: (boot: number, state: Status["state"], reason?: string) => {
      const status: Status = {
        state,
        boot,
        conn: 1,
        timestamp: at,
        ...(reason === undefined ? {} : { reason }),
      };
      claims.status("env", "desk", status, at);
      return it;
    },
    get conflict() {
      return claims.conflict("env", "desk", at);
    },
  };
  return it;
}

describe("one node is no conflict", () => {
  test("that connects again, or is started again in good order, here or elsewhere", () => {
    const one = story().birth("pi", 1).says(1, "online").after(5).birth("pi", 1);
    one.says(1, "offline", "stopping").after(1).says(2, "online").birth("pi", 2);
    one.says(2, "offline", "stopping").after(1).says(3, "online").birth("other", 3);
    expect(one.conflict).toBeUndefined();
  });

  test("that is killed and started again on its machine, even by turns", () => {
    const one = story().birth("pi", 1).says(1, "online");
    for (let boot = 2; boot < 6; boot += 1) {
      one
        .says(boot - 1, "offline", "connection lost")
        .after(1)
        .says(boot, "online")
        .birth("pi", boot);
    }
    expect(one.conflict).toBeUndefined();
  });

  test("that was lost for long, and whose name another machine has now", () => {
    const one = story().birth("pi", 1).says(1, "online").says(1, "offline", "connection lost").after(3_600);
    expect(one.says(2, "online").birth("other", 2).conflict).toBeUndefined();
  });

  test("of which the broker had kept another machine's birth", () => {
    expect(story().birth("pi", 1).after(1).birth("other", 2, false).conflict).toBeUndefined();
  });
});

describe("two nodes of one name are a conflict", () => {
  test("when one takes over from another machine that had not said it goes", () => {
    const two = story().birth("pi", 1).says(1, "online").after(60).says(2, "online").birth("other", 2);
    expect(two.conflict).toMatchObject({
      speakers: [
        { host: "other", boot: 2 },
        { host: "pi", boot: 1 },
      ],
      since: T0 + 60_000,
    });
  });

  test("when they take over from each other, also where each is begun anew", () => {
    const stubborn = story().birth("pi", 1).after(1).birth("pi", 2).after(1).birth("pi", 1);
    expect(stubborn.conflict).toBeDefined();
    const supervised = story().birth("a", 1).says(1, "offline", "replaced").after(1).birth("b", 2);
    supervised.says(2, "offline", "replaced").after(1).birth("a", 3);
    expect(supervised.conflict).toBeDefined();
  });

  test("when one that took over on the same machine is thrown off by the one before, which goes then", () => {
    const two = story().birth("pi", 1).says(1, "online").after(60);
    two.says(1, "offline", "connection lost").says(2, "online").birth("pi", 2);
    expect(two.conflict).toBeUndefined(); // as after a kill
    two.after(1).says(2, "offline", "connection lost").after(1).says(2, "online").birth("pi", 2);
    expect(two.conflict?.speakers).toEqual([
      { host: "pi", boot: 2 },
      { host: "pi", boot: 1 },
    ]);
  });

  test("until nothing was seen of it for two minutes, or the node is removed", () => {
    const two = story().birth("pi", 1).after(1).birth("other", 2);
    expect(two.after(119).conflict).toBeDefined();
    expect(two.after(1).conflict).toBeUndefined();
    expect([...two.claims.conflicts(T0 + 121_000)]).toEqual([]);
    expect(two.claims.settle(T0 + 121_000)).toEqual([{ domain: "env", node: "desk" }]);
    expect(two.claims.settle(T0 + 121_000)).toEqual([]);
    const removed = story().birth("pi", 1).after(1).birth("other", 2);
    removed.claims.removed("env", "desk");
    expect(removed.conflict).toBeUndefined();
  });
});

test("no more nodes are kept in mind than are allowed", () => {
  const claims = new NodeClaims(1);
  claims.birth({ domain: "env", node: "a", host: "x", boot: 1 }, true, T0);
  claims.birth({ domain: "env", node: "b", host: "x", boot: 1 }, true, T0);
  claims.birth({ domain: "env", node: "b", host: "y", boot: 2 }, true, T0);
  expect(claims.conflict("env", "b", T0)).toBeUndefined();
});
