import { useSignal } from "@preact/signals";
import { hello } from "../state.js";
import { lazily } from "./lazily.js";

const AffectedList = lazily(() => import("./affected-list.js").then(({ AffectedList }) => AffectedList));

/**
 * Who feels it when something is wrong with these streams, asked when it is opened. Nothing where there is no registry.
 * @param props.streams `env_desk_temperature`
 */
export function Affected(props: { streams: readonly string[] }) {
  return hello.value?.mesh === true && props.streams.length > 0 ? <Folded {...props} /> : null;
}

function Folded({ streams }: { streams: readonly string[] }) {
  const open = useSignal(false);
  return (
    <details class="affected" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>Who is affected</summary>
      {open.value && <AffectedList streams={streams} />}
    </details>
  );
}
