import { resolve } from "node:path";
import { parseSize, SIZE } from "@fieldmesh/runtime/config-file/durations";
import { duration, secret } from "@fieldmesh/runtime/config-file/fields";
import type { Secret } from "@fieldmesh/runtime/config-file/secret";
import { z } from "zod";
import { parseJsonPath } from "../drivers/json-path.js";

/** The kinds of field that the drivers' options and the node's settings have in common. */
export interface Fields {
  /** `2s`, within [min, max] ms; parsed to ms. */
  duration(min?: number, max?: number): z.ZodType<number>;
  /** `4MiB`, within [min, max] bytes; parsed to bytes. */
  size(min?: number, max?: number): z.ZodType<number>;
  /** By reference; a relative file is one of the configuration's own folder. */
  secret(): z.ZodType<Secret>;
  /** A path to a file or folder on this machine; a relative one starts in the configuration's own folder. */
  file(expected: string): z.ZodType<string>;
  /** A path into JSON as `a.b[0].c`. */
  path(): z.ZodType<string>;
  /** What a device says, mapped to values: `ON: true`. */
  values(): z.ZodType<Record<string, number | boolean>>;
}

/** Beyond any disk that a node has; keeps sizes exact as numbers. */
const MAX_BYTES = 2 ** 50;

function size(min = 1, max = MAX_BYTES): z.ZodType<number> {
  const expected = `a size as 512B, 64kB or 4MiB, from ${min} B to ${max} B`;
  return z
    .string(expected)
    .regex(SIZE, { error: expected, abort: true })
    .transform((text, context) => {
      const bytes = parseSize(text);
      if (bytes !== undefined && bytes >= min && bytes <= max) return bytes;
      context.addIssue({ code: "custom", message: expected, input: text });
      return z.NEVER;
    })
    .meta({ description: "A size: 512B, 64kB, 4MiB." });
}

function path(): z.ZodType<string> {
  const expected = 'a path into JSON, as temperature, a.b[0].c or ["a.b"]';
  return z
    .string(expected)
    .max(512)
    .refine((text) => parseJsonPath(text) !== undefined, expected)
    .meta({ description: "A path into JSON: a.b[0].c" });
}

function values(): z.ZodType<Record<string, number | boolean>> {
  return z.record(z.string(), z.union([z.number(), z.boolean()], "a number, true or false")).meta({
    description: "What the device says, and the value that it stands for: { ON: true, OFF: false }",
  });
}

/** The fields of a configuration in `folder`; without one, relative paths are left as they are. */
export function fieldsIn(folder?: string): Fields {
  const place = (file: string): string => (folder === undefined ? file : resolve(folder, file));
  return {
    duration,
    size,
    path,
    values,
    secret: () =>
      secret()
        .transform((one) => ("file" in one ? { ...one, file: place(one.file) } : one))
        .meta({ description: "{env: NAME} or {file: PATH}, relative to this file's folder." }),
    file: (expected) => z.string(expected).min(1, expected).transform(place),
  };
}

/** Those of no configuration in particular. */
export const FIELDS: Fields = fieldsIn();
