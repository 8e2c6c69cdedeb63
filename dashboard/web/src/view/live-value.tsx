import type { SensorView } from "@fieldmesh/protocol";
import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { isAway, type Placed } from "../model/catalogue.js";
import { valueText } from "../model/units.js";
import { streamHref } from "../router.js";
import { streams } from "../state.js";
import { useVisible } from "./visible.js";

/** The present value of a stream, live while it is on screen; a link to its chart. */
export function LiveValue({
  placed: { node, sensor },
  named,
}: {
  placed: Placed;
  named?: string | undefined;
}) {
  const place = useRef<HTMLAnchorElement>(null);
  const visible = useVisible(place);
  const { stream } = sensor;
  useEffect(() => (visible ? streams.show(stream) : undefined), [visible, stream]);
  const away = isAway(node, sensor);
  return (
    <a
      ref={place}
      class={`live-value ${away ? "live-value-away" : ""}`}
      href={streamHref(stream)}
      title={away ? `${stream}: nothing comes now` : `${stream}, live`}
      data-live={stream}
    >
      <span class="value-dot" aria-hidden="true" />
      {named !== undefined && <span class="quiet">{named}</span>}
      <Value sensor={sensor} />
      <span class="visually-hidden">{away ? " (not coming now)" : " (live)"}</span>
    </a>
  );
}

function Value({ sensor }: { sensor: SensorView }) {
  const { latest } = streams.store(sensor.stream);
  const text = useComputed(() => {
    const v = latest.value?.v;
    const shown = v === undefined || Number.isNaN(v) ? sensor.latest?.v : v;
    return shown === undefined ? "–" : valueText(shown, sensor);
  });
  return <span class="live-number">{text}</span>;
}
