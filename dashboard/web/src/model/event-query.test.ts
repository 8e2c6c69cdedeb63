import { SEVERITIES } from "@fieldmesh/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { eventSearch, eventsPath, readEventFilter } from "./event-query.js";

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/);
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });

it("comes back from an address as it was", () => {
  const filters = fc.record({
    severity: optional(fc.constantFrom(...SEVERITIES)),
    state: optional(fc.constantFrom("raised" as const, "cleared" as const)),
    domain: optional(name),
    node: optional(name),
    sensor: optional(name),
    rule: optional(name),
    from: optional(fc.nat()),
    to: optional(fc.nat()),
  });
  fc.assert(
    fc.property(filters, (filter) => {
      expect(readEventFilter(eventSearch(filter))).toEqual(filter);
    }),
  );
});

it("takes no nonsense from an address", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const value of Object.values(readEventFilter(`?node=${text}&from=${text}&severity=${text}`))) {
        expect(value === undefined || /^[a-z0-9-]+$/.test(String(value))).toBe(true);
      }
    }),
  );
  expect(readEventFilter("?severity=loud&node=../x&from=soon&state=done")).toEqual({});
});

it("asks the historian with the same words", () => {
  expect(eventsPath({ node: "cold-room", from: 5 }, 100)).toBe(
    "/api/history/events?node=cold-room&from=5&limit=100",
  );
});
