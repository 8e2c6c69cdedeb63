/**
 * A commit is done when it is on the medium. With either of these on (they are by default) LMDB's package leaves
 * promises behind a commit that fails, on a full disk say: one that is rejected and that nobody can handle, which
 * ends the process, and one that never settles, for which closing would wait.
 */
export const DURABLE = { overlappingSync: false, eventTurnBatching: false };
