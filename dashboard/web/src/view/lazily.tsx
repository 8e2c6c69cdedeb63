import { signal } from "@preact/signals";
import type { ComponentType, FunctionComponent } from "preact";

type Loaded<P> =
  | { state: "not-asked" | "loading" | "failed" }
  | { state: "here"; component: ComponentType<P> };

/** A component whose code is loaded when it is first shown. */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>): FunctionComponent<P> {
  const loaded = signal<Loaded<P>>({ state: "not-asked" });
  const ask = async (): Promise<void> => {
    loaded.value = { state: "loading" };
    try {
      loaded.value = { state: "here", component: await load() };
    } catch {
      // Either the connection is away, or a newer version has taken the place of this one.
      loaded.value = { state: "failed" };
    }
  };
  return function Lazy(props) {
    const now = loaded.value;
    if (now.state === "here") {
      const Component = now.component;
      return <Component {...props} />;
    }
    if (now.state === "not-asked") queueMicrotask(() => void ask());
    if (now.state !== "failed") return <p class="starting">Loading…</p>;
    return (
      <div class="empty" role="alert">
        <p>This part of the dashboard could not be loaded.</p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </div>
    );
  };
}
