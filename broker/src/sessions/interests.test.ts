import { expect, test } from "vitest";
import { Interests } from "./interests.js";

const found = (interests: Interests, topic: string) =>
  interests
    .in(topic)
    .map(({ clientId, qos }) => `${clientId} ${qos}`)
    .sort();

test("finds each client once, at the highest QoS of its filters", () => {
  const interests = new Interests();
  interests.set("a", "env/#", 1);
  interests.set("a", "env/+/x", 2);
  interests.set("b", "env/1/x", 1);
  interests.set("c", "other", 1);
  expect(found(interests, "env/1/x")).toEqual(["a 2", "b 1"]);
});

test("what was remembered of a topic changes with the subscriptions", () => {
  const interests = new Interests();
  interests.set("a", "t", 1);
  expect(found(interests, "t")).toEqual(["a 1"]);
  interests.set("a", "t", 2);
  expect(found(interests, "t")).toEqual(["a 2"]);
  interests.set("b", "+", 1);
  expect(found(interests, "t")).toEqual(["a 2", "b 1"]);
  interests.delete("a", "t");
  expect(found(interests, "t")).toEqual(["b 1"]);
  expect(interests.count).toBe(1);
});

test("at QoS 0 there is none, also where there was one", () => {
  const interests = new Interests();
  interests.set("a", "t", 1);
  interests.set("a", "t", 0);
  expect(interests.in("t")).toEqual([]);
  expect(interests.count).toBe(0);
});
