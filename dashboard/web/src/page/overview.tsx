import type { NodeView } from "@fieldmesh/protocol";
import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isAway } from "../model/catalogue.js";
import { isFiltering, NO_FILTER, passing, type StateFilter } from "../model/filter.js";
import { durationText } from "../model/times.js";
import { chooseLength, filter, lengthsMs, pausedAt, togglePause, windowMs } from "../preferences.js";
import { book, domains, hello, keys, nodes, unacknowledged, worst } from "../state.js";
import { Pause, Play, Search } from "../view/icons.js";
import { NodeCard } from "../view/node-card.js";
import { PageTitle } from "../view/page-title.js";

export function Overview() {
  return (
    <>
      <div class="page-head">
        <PageTitle title="Overview" />
        <Counts />
      </div>
      <Toolbar />
      <NodeList />
    </>
  );
}

function Counts() {
  const counts = useComputed(() => {
    const all = [...(nodes.value?.values() ?? [])];
    let sensors = 0;
    let stale = 0;
    for (const node of all) {
      sensors += node.sensors.length;
      for (const sensor of node.sensors) {
        if (isAway(node, sensor) || sensor.state !== "ok") stale += 1;
      }
    }
    return {
      nodes: all.length,
      online: all.filter((node) => node.presence === "online").length,
      sensors,
      stale,
    };
  });
  if (nodes.value === undefined) return null;
  const { online, sensors, stale } = counts.value;
  const standing = book.value.standing.size;
  const open = unacknowledged.value;
  return (
    <dl class="counts">
      <div>
        <dt>Nodes online</dt>
        <dd>
          {online}
          <span class="of"> of {counts.value.nodes}</span>
        </dd>
      </div>
      <div>
        <dt>Sensors</dt>
        <dd>{sensors}</dd>
      </div>
      <div class={stale > 0 ? "count-quiet" : ""}>
        <dt>Stale</dt>
        <dd>{stale}</dd>
      </div>
      <div class={open > 0 ? "count-alarm" : ""}>
        <dt>Standing alarms</dt>
        <dd>
          <a href="/alarms">
            {standing}
            {standing > 0 && <span class="of"> · {open === 0 ? "acknowledged" : `${open} open`}</span>}
          </a>
        </dd>
      </div>
    </dl>
  );
}

const STATES: { state: StateFilter; label: string }[] = [
  { state: "all", label: "All" },
  { state: "alarming", label: "Alarming" },
  { state: "stale", label: "Stale" },
];

function Toolbar() {
  const now = filter.value;
  return (
    <search class="toolbar">
      <label class="search">
        <Search />
        <span class="visually-hidden">Search nodes and sensors</span>
        <input
          id="search"
          type="search"
          placeholder="Search nodes and sensors"
          value={now.text}
          onInput={(event) => (filter.value = { ...now, text: event.currentTarget.value })}
        />
      </label>
      <fieldset class="segments">
        <legend class="visually-hidden">Sensors shown</legend>
        {STATES.map(({ state, label }) => (
          <label key={state} class="segment">
            <input
              type="radio"
              name="state"
              checked={now.state === state}
              onChange={() => (filter.value = { ...now, state })}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      {domains.value.length > 1 && (
        <label class="select">
          <span class="visually-hidden">Domain</span>
          <select
            value={now.domain}
            onChange={(event) => (filter.value = { ...now, domain: event.currentTarget.value })}
          >
            <option value="">All domains</option>
            {domains.value.map((domain) => (
              <option key={domain} value={domain}>
                {domain}
              </option>
            ))}
          </select>
        </label>
      )}
      <TimeControls />
    </search>
  );
}

/** Window length and pause. */
function TimeControls() {
  const paused = pausedAt.value !== undefined;
  return (
    <div class="time-controls">
      <label class="select">
        <span class="visually-hidden">Time shown</span>
        <select
          value={String(windowMs.value)}
          onChange={(event) => chooseLength(Number(event.currentTarget.value))}
        >
          {lengthsMs.value.map((ms) => (
            <option key={ms} value={String(ms)}>
              {durationText(ms)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class={`button ${paused ? "button-on" : ""}`}
        aria-pressed={paused}
        onClick={togglePause}
      >
        {paused ? <Play /> : <Pause />} {paused ? "Go on" : "Pause"}
      </button>
    </div>
  );
}

/** Tiles that are put on the page at once; more than a large screen holds. The others follow paint by paint. */
const FIRST_TILES = 60;
const MORE_TILES = 200;

const NO_NODES: ReadonlyMap<string, NodeView> = new Map();

function NodeList() {
  const mounted = useSignal(FIRST_TILES);
  const all = nodes.value ?? NO_NODES;
  const now = filter.value;
  const standing = worst.value;
  const filtering = isFiltering(now);
  let room = mounted.value;
  let waiting = 0;
  const cards = keys.value.flatMap((key) => {
    const node = all.get(key);
    if (node === undefined) return [];
    const sensors = passing(node, now, standing);
    if (sensors.length === 0 && filtering) return [];
    const ready = Math.min(room, sensors.length);
    room -= ready;
    waiting += sensors.length - ready;
    if (ready === 0 && sensors.length > 0) return [];
    return [<NodeCard key={key} node={node} sensors={sensors} ready={ready} worst={standing} />];
  });
  useEffect(() => {
    if (waiting === 0) return;
    // After the next paint, so that the page answers in between.
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => (mounted.value += MORE_TILES));
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [waiting, mounted]);
  if (nodes.value === undefined) return <p class="empty">Loading nodes…</p>;
  if (all.size === 0) return <NothingYet />;
  if (cards.length > 0) return <div class="nodes">{cards}</div>;
  const nothing = {
    all: "No sensor fits the search.",
    alarming: "No sensor is alarming. That is good news.",
    stale: "No sensor is stale. That is good news.",
  }[now.text === "" && now.domain === "" ? now.state : "all"];
  return (
    <div class="empty">
      <p>{nothing}</p>
      <button type="button" class="button" onClick={() => (filter.value = NO_FILTER)}>
        Show all {all.size} nodes
      </button>
    </div>
  );
}

function NothingYet() {
  const brokers = hello.value?.brokers ?? [];
  const away = brokers.filter((broker) => !broker.connected);
  return (
    <div class="empty">
      <p>
        <strong>No node has been heard yet.</strong>
      </p>
      <p>
        {away.length > 0
          ? `There is no connection to ${away.map((broker) => broker.url).join(", ")}.`
          : "A node appears here by itself as soon as it publishes."}
      </p>
      <p class="quiet">
        One reading is enough: <code>mosquitto_pub -t env/desk/temperature/raw -m 21.5</code>
      </p>
    </div>
  );
}
