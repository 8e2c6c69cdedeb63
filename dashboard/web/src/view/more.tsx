import { useSignal } from "@preact/signals";
import { type Action, OutcomeText, useAction } from "./action.js";

/** What follows the page that is shown and read anew, as far as it was asked for. */
interface Further<T> {
  items: readonly T[];
  action: Action;
  /** Reads one page more; absent when there is none. */
  more: (() => Promise<string>) | undefined;
  /** Forgets what is there no longer. */
  drop: (is: (item: T) => boolean) => void;
}

/**
 * Reads page after page behind the first one. The first page moves on while it is shown: what is at its end and in the
 * next page too is told twice.
 *
 * @param first The address of the page after the first, as long as none was read.
 */
export function useFurther<T>(
  first: string | undefined,
  read: (address: string) => Promise<{ items: readonly T[]; next?: string | undefined }>,
): Further<T> {
  const told = useSignal<{ items: readonly T[]; next: string | undefined } | undefined>(undefined);
  const action = useAction();
  const address = told.value === undefined ? first : told.value.next;
  return {
    items: told.value?.items ?? [],
    action,
    more:
      address === undefined
        ? undefined
        : async () => {
            const page = await read(address);
            told.value = { items: [...(told.peek()?.items ?? []), ...page.items], next: page.next };
            return "";
          },
    drop: (is) => {
      const now = told.peek();
      if (now !== undefined) told.value = { ...now, items: now.items.filter((item) => !is(item)) };
    },
  };
}

/** Below a list: asks for more of it, and says what keeps that from coming. */
export function MoreRow({
  label,
  action,
  more,
}: {
  label: string;
  action: Action;
  more: () => Promise<string>;
}) {
  return (
    <div class="button-row ledger-more">
      <button type="button" class="button" disabled={action.busy} onClick={() => void action.run(more)}>
        {label}
      </button>
      {action.outcome.state === "failed" && <OutcomeText outcome={action.outcome} />}
    </div>
  );
}
