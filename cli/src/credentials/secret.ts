import { randomBytes } from "node:crypto";

/** 24 characters of Base64 in the URL's alphabet: 144 bits, nothing that a shell or an env file must quote. */
export function generateSecret(): string {
  return randomBytes(18).toString("base64url");
}
