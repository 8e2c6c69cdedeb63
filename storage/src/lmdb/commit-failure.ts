import { WriteFailedError } from "../errors.js";

/** An error of a write: its own when the work threw it; when the commit failed, why it did. */
export async function explainCommitFailure(error: unknown, collection: string): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error)) return error;
  // The package gives the cause as a promise that is rejected with it.
  const cause = await Promise.resolve(error.commitError).catch((reason: unknown) => reason);
  return new WriteFailedError(collection, cause instanceof Error ? cause : error);
}
