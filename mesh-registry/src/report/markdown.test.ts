import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeMarkdown } from "./markdown.js";

test("whatever somebody is called is text in a report: one line, no HTML, nothing that begins markup", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const escaped = escapeMarkdown(text);
      expect(escaped).not.toMatch(/[\n\r<\u202e\u200b]/);
      // Without what is escaped nothing is left that means something.
      expect(escaped.replace(/\\[!-/:-@[-`{-~]|&(?:lt|amp);/g, "")).not.toMatch(
        /[\\`*_{}[\]<>()#+\-.!|~&=:@$^]/,
      );
    }),
  );
});

test("names that people have stay readable", () => {
  expect(escapeMarkdown("Größe 🌡️ Büro")).toBe("Größe 🌡️ Büro");
  expect(escapeMarkdown("sales_team|x\ny <b>")).toBe("sales\\_team\\|x y &lt;b\\>");
});
