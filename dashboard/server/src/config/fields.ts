import { z } from "zod";

export function httpAddress(): z.ZodType<string> {
  const expected = "an http:// or https:// address without user and password";
  return z
    .string(expected)
    .max(2_000, expected)
    .refine((text) => {
      if (!URL.canParse(text)) return false;
      const url = new URL(text);
      return (url.protocol === "http:" || url.protocol === "https:") && url.username === "";
    }, expected)
    .meta({ description: expected });
}
