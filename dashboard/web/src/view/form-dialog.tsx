import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { type Action, OutcomeText, useAction } from "./action.js";
import { Dialog } from "./dialog.js";
import { faultOf } from "./form.js";

/** What is entered and sent: how that stands, and what the server said of its fields. */
export interface Form extends Action {
  /** What is wrong at this JSON pointer, and below it. */
  faultAt: (pointer: string) => string | undefined;
  /** For a field that shows and changes `entered`, which is sent as what the pointer names. */
  field: <T>(
    entered: Signal<T>,
    pointer: string,
  ) => { value: T; fault: string | undefined; onValue: (value: T) => void };
}

export function useForm(): Form {
  const action = useAction();
  const faultAt = (pointer: string): string | undefined => faultOf(action.outcome, pointer);
  return {
    ...action,
    faultAt,
    field: (entered, pointer) => ({
      value: entered.value,
      fault: faultAt(pointer),
      onValue: (value) => (entered.value = value),
    }),
  };
}

/** Asks for something, or for a confirmation, and closes once it is done; what went wrong is shown in it. */
export function FormDialog({
  title,
  form,
  submit,
  danger = false,
  ready = true,
  cancel = "Cancel",
  check = () => true,
  work,
  below,
  beside,
  onClose,
  children,
}: {
  title: string;
  form: Action;
  /** What the button says that does it. */
  submit: string;
  /** It takes something away. */
  danger?: boolean;
  /** It can be submitted. */
  ready?: boolean;
  cancel?: string;
  /** Looks at what was entered before it is sent: when false, nothing is, and the fields say why. */
  check?: () => boolean;
  work: () => Promise<unknown>;
  /** Below what came of it. */
  below?: ComponentChildren;
  /** Other buttons. */
  beside?: ComponentChildren;
  onClose: () => void;
  children: ComponentChildren;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!check()) return;
          void form.run(async () => {
            await work();
            onClose();
            return "Done.";
          });
        }}
      >
        {children}
        <OutcomeText outcome={form.outcome} />
        {below}
        <div class="button-row">
          <button
            type="submit"
            class={`button ${danger ? "button-danger" : "button-primary"}`}
            disabled={form.busy || !ready}
          >
            {submit}
          </button>
          {beside}
          <button type="button" class="button button-plain" onClick={onClose}>
            {cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
