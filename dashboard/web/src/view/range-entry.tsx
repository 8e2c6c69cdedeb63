import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { SHORTEST_MS } from "../model/time-view.js";
import { localInput, parseLocalInput } from "../model/times.js";
import type { TimeAxis } from "../time-axis.js";
import { Calendar } from "./icons.js";
import { Menu } from "./menu.js";

/** From and to, typed. */
export function RangeEntry({ axis }: { axis: TimeAxis }) {
  const wrong = useSignal("");
  const form = useRef<HTMLFormElement>(null);
  const field = (name: string): HTMLInputElement | undefined => {
    const found = form.current?.elements.namedItem(name);
    return found instanceof HTMLInputElement ? found : undefined;
  };
  const fill = (): void => {
    const { from, to } = axis.range();
    wrong.value = "";
    for (const [name, t] of [["from", from] as const, ["to", to] as const]) {
      const input = field(name);
      if (input !== undefined) input.value = localInput(t);
    }
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const from = parseLocalInput(field("from")?.value ?? "");
    const to = parseLocalInput(field("to")?.value ?? "");
    if (from === undefined || to === undefined) {
      wrong.value = "Enter both a day and a time.";
      return;
    }
    if (to - from < SHORTEST_MS) {
      wrong.value = "The end must lie behind the beginning.";
      return;
    }
    wrong.value = "";
    axis.show({ from, to });
    form.current?.closest("details")?.removeAttribute("open");
  };
  return (
    <Menu
      onOpen={fill}
      label={
        <>
          <Calendar /> <span class="axis-word">From–to</span>
        </>
      }
    >
      <form class="range-entry" ref={form} onSubmit={submit}>
        <label class="field">
          From
          <input type="datetime-local" name="from" step="1" />
        </label>
        <label class="field">
          To
          <input type="datetime-local" name="to" step="1" />
        </label>
        {wrong.value !== "" && (
          <p class="outcome outcome-failed" role="alert">
            {wrong.value}
          </p>
        )}
        <button type="submit" class="button button-primary">
          Show
        </button>
      </form>
    </Menu>
  );
}
