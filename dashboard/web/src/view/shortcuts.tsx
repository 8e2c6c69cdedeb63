import { signal } from "@preact/signals";
import { theme, togglePause } from "../preferences.js";
import { navigate } from "../router.js";
import { Dialog } from "./dialog.js";

export const shortcutsOpen = signal(false);
/** Single keys get in the way of speech input: they can be switched off (WCAG 2.1.4). */
const enabled = signal(readEnabled());

const KEYS: { key: string; what: string; run: () => void }[] = [
  { key: "/", what: "Search", run: () => focusSearch() },
  { key: "o", what: "Overview", run: () => navigate("/") },
  { key: "a", what: "Alarms", run: () => navigate("/alarms") },
  { key: "e", what: "Events", run: () => navigate("/events") },
  { key: "l", what: "Service levels", run: () => navigate("/quality") },
  { key: "c", what: "Compare", run: () => navigate("/compare") },
  { key: "m", what: "Data products", run: () => navigate("/mesh") },
  { key: "s", what: "System", run: () => navigate("/system") },
  { key: "p", what: "Pause or go on", run: togglePause },
  { key: "t", what: "Dark or light", run: () => nextTheme() },
  { key: "?", what: "This list", run: () => (shortcutsOpen.value = true) },
];

const ON_A_CHART: { keys: string[]; what: string }[] = [
  { keys: ["←", "→"], what: "earlier or later" },
  { keys: ["+", "−"], what: "less or more time" },
  { keys: ["⇧←", "⇧→"], what: "from reading to reading" },
  { keys: ["Home"], what: "back to now" },
];

export function nextTheme(): void {
  const next = { system: "dark", dark: "light", light: "system" } as const;
  theme.value = next[theme.value];
}

function focusSearch(): void {
  if (document.getElementById("search") === null) navigate("/");
  requestAnimationFrame(() => document.getElementById("search")?.focus());
}

export function startShortcuts(): void {
  document.addEventListener("keydown", (event) => {
    if (!enabled.value || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (target instanceof Element && target.closest("input, textarea, select, dialog[open]") !== null) return;
    const found = KEYS.find(({ key }) => key === event.key);
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  });
}

export function Shortcuts() {
  if (!shortcutsOpen.value) return null;
  return (
    <Dialog title="Keyboard shortcuts" onClose={() => (shortcutsOpen.value = false)}>
      <dl class="keys">
        {KEYS.map(({ key, what }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        {ON_A_CHART.map(({ keys, what }) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>On a large chart: {what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={enabled.value}
          onChange={(event) => {
            enabled.value = event.currentTarget.checked;
            try {
              localStorage.setItem("fieldmesh.shortcuts", enabled.value ? "on" : "off");
            } catch {
              // Storage is switched off: the choice lasts as long as the page.
            }
          }}
        />
        Single-key shortcuts
      </label>
    </Dialog>
  );
}

function readEnabled(): boolean {
  try {
    return localStorage.getItem("fieldmesh.shortcuts") !== "off";
  } catch {
    return true;
  }
}
