import { type Commands, lostRangeSchema, parsedBy, seqRangeSchema } from "@fieldmesh/protocol";
import { z } from "zod";

const resendSchema = z.object({
  sent: z.int().min(0),
  held: z.array(seqRangeSchema),
  gone: z.array(lostRangeSchema),
});
const timeSchema = z.object({ receivedAt: z.number(), sentAt: z.number() });

/** A node answered a command with something else than that command's result. */
export class ReplyFormError extends Error {
  override readonly name = "ReplyFormError";
  readonly code = "reply_form";
}

/** @throws ReplyFormError */
export function resendResult(result: unknown): Commands["resend"]["result"] {
  const parsed = parsedBy(resendSchema, result, "result");
  if (!parsed.ok) throw new ReplyFormError(`resend: ${parsed.detail}`);
  return parsed.value;
}

/** @throws ReplyFormError */
export function timeResult(result: unknown): Commands["time"]["result"] {
  const parsed = parsedBy(timeSchema, result, "result");
  if (!parsed.ok) throw new ReplyFormError(`time: ${parsed.detail}`);
  return parsed.value;
}
