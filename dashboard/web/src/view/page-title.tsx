import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { unacknowledged } from "../state.js";

/** The page's heading, which takes the focus when the page changes, and the window's title. */
export function PageTitle({ title, children }: { title: string; children?: ComponentChildren }) {
  const open = unacknowledged.value;
  useEffect(() => {
    document.title = `${open > 0 ? `(${open}) ` : ""}${title} · Fieldmesh`;
  }, [title, open]);
  return (
    <h1 tabIndex={-1} class="page-title">
      {children ?? title}
    </h1>
  );
}
