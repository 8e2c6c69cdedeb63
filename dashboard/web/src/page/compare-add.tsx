import { useSignal } from "@preact/signals";
import { nodeTitle, sensorTitle } from "../model/catalogue.js";
import { passing } from "../model/filter.js";
import { compareSearch, MOST_COMPARED } from "../model/view-address.js";
import { setSearch } from "../router.js";
import { nodes, worst } from "../state.js";
import type { TimeAxis } from "../time-axis.js";
import { Search } from "../view/icons.js";

/** As many as fit below a search field. */
const MOST_FOUND = 8;

/** Finds a stream and puts it beside the others. */
export function AddStream({ names, axis }: { names: readonly string[]; axis: TimeAxis }) {
  const text = useSignal("");
  const full = names.length >= MOST_COMPARED;
  const found = full ? [] : matches(text.value, names);
  const add = (stream: string): void => {
    text.value = "";
    setSearch(compareSearch([...names, stream], axis.view.peek()), "push");
  };
  return (
    <search class="search compare-add">
      <Search />
      <input
        type="search"
        id="search"
        aria-label="Add a stream"
        placeholder={full ? `${MOST_COMPARED} streams are as many as one can tell apart` : "Add a stream"}
        disabled={full}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          const [first] = found;
          if (event.key === "Enter" && first !== undefined) add(first.stream);
          if (event.key === "Escape") text.value = "";
        }}
      />
      {text.value.trim() !== "" && (
        <ul class="found">
          {found.length === 0 && <li class="quiet found-none">No sensor fits.</li>}
          {found.map(({ stream, name, unit }) => (
            <li key={stream}>
              <button type="button" onClick={() => add(stream)}>
                <span class="clip">{name}</span> <span class="quiet">{unit}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </search>
  );
}

function matches(text: string, taken: readonly string[]): { stream: string; name: string; unit: string }[] {
  if (text.trim() === "") return [];
  const found = [];
  const filter = { text, domain: "", state: "all" } as const;
  for (const node of nodes.value?.values() ?? []) {
    for (const sensor of passing(node, filter, worst.peek())) {
      if (taken.includes(sensor.stream)) continue;
      found.push({
        stream: sensor.stream,
        name: `${nodeTitle(node)} · ${sensorTitle(sensor)}`,
        unit: sensor.unit,
      });
      if (found.length === MOST_FOUND) return found;
    }
  }
  return found;
}
