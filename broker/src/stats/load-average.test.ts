import { expect, test } from "vitest";
import { LoadAverage } from "./load-average.js";

test("approaches a steady rate, the short window first, and falls again", () => {
  const load = new LoadAverage();
  let total = 0;
  const pass = (seconds: number, perSecond: number): void => {
    for (let i = 0; i < seconds; i += 10) {
      total += perSecond * 10;
      load.update(total, 10_000);
    }
  };
  pass(60, 5);
  const [one = 0, five = 0, fifteen = 0] = load.rates;
  expect(one).toBeCloseTo(300 * (1 - Math.exp(-1)), 3);
  expect(five).toBeCloseTo(300 * (1 - Math.exp(-1 / 5)), 3);
  expect(fifteen).toBeCloseTo(300 * (1 - Math.exp(-1 / 15)), 3);
  pass(7_200, 5);
  for (const rate of load.rates) expect(rate).toBeCloseTo(300, 0);
  pass(600, 0);
  expect(load.rates[0]).toBeLessThan(1);
  load.update(total, 0); // no time has passed: nothing to say
  expect(load.rates[0]).toBeLessThan(1);
});
