/**
 * The store's server does not answer. Whether a write was done is not known; one that is given again as it was is
 * right either way, where its port says so. Calls work again by themselves when the server is back.
 */
export class StoreAwayError extends Error {
  override readonly name = "StoreAwayError";
  readonly code = "store_away";
  /** Address without password. */
  readonly at: string;

  constructor(at: string, reason: string, cause?: unknown) {
    super(
      `${at} does not answer (${reason}): start it or correct STORAGE; calls work again when it is back`,
      {
        cause,
      },
    );
    this.at = at;
  }
}
