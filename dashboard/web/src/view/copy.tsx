import { useSignal } from "@preact/signals";

/** Text for machines with a button that copies it, where the browser lets a page do so. */
export function Copy({ text, label }: { text: string; label: string }) {
  const copied = useSignal(false);
  return (
    <div class="copy">
      <code class="break">{text}</code>
      {"clipboard" in navigator && (
        <button
          type="button"
          class="button button-small"
          aria-label={label}
          onClick={() => {
            navigator.clipboard.writeText(text).then(
              () => {
                copied.value = true;
              },
              () => {
                // Refused by the browser: the text is there to be marked.
                copied.value = false;
              },
            );
          }}
        >
          {copied.value ? "Copied" : "Copy"}
        </button>
      )}
    </div>
  );
}
