import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { ApiError, type FieldFault } from "../api.js";
import { Check, Cross } from "./icons.js";

export type Outcome =
  | { state: "idle" }
  | { state: "busy" }
  | { state: "done"; text: string }
  | { state: "failed"; text: string; field: string | undefined; faults: readonly FieldFault[] };

export interface Action {
  outcome: Outcome;
  busy: boolean;
  /** Runs it and keeps what came of it; true when it was done. `work` returns the words for success. */
  run: (work: () => Promise<string>) => Promise<boolean>;
  reset: () => void;
}

/** Something that the user asks the server to do. */
export function useAction(): Action {
  const outcome = useSignal<Outcome>({ state: "idle" });
  return {
    outcome: outcome.value,
    busy: outcome.value.state === "busy",
    run: async (work) => {
      outcome.value = { state: "busy" };
      try {
        outcome.value = { state: "done", text: await work() };
        return true;
      } catch (error) {
        outcome.value = {
          state: "failed",
          text: error instanceof Error ? error.message : String(error),
          field: error instanceof ApiError ? error.field : undefined,
          faults: error instanceof ApiError ? error.faults : [],
        };
        return false;
      }
    },
    reset: () => {
      outcome.value = { state: "idle" };
    },
  };
}

/** What came of an action, told to screen readers as well. */
export function OutcomeText({ outcome }: { outcome: Outcome }) {
  return (
    <p class={`outcome outcome-${outcome.state}`} role="status">
      {outcome.state === "busy" && "Working…"}
      {outcome.state === "done" && (
        <>
          <Check /> {outcome.text}
        </>
      )}
      {outcome.state === "failed" && (
        <>
          <Cross /> {outcome.text}
        </>
      )}
    </p>
  );
}

interface ButtonProps {
  action: Action;
  work: () => Promise<string>;
  children: ComponentChildren;
  class?: string;
  label?: string;
  disabled?: boolean;
}

/** A button that starts an action and is out of use while that runs. */
export function ActionButton({
  action,
  work,
  children,
  class: extra = "",
  label,
  disabled = false,
}: ButtonProps) {
  return (
    <button
      type="button"
      class={`button ${extra}`}
      disabled={action.busy || disabled}
      aria-label={label}
      onClick={() => void action.run(work)}
    >
      {children}
    </button>
  );
}
