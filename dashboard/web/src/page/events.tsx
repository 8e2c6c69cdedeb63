import type { HistoryEvent } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { measured } from "../history/measured.js";
import { isNodeAlarm } from "../model/alarms.js";
import { findStream, nodeTitle, sensorTitle } from "../model/catalogue.js";
import {
  type EventFilter,
  eventSearch,
  eventsPath,
  isName,
  NAME_FIELDS,
  readEventFilter,
} from "../model/event-query.js";
import { durationText, fullTime, localInput, parseLocalInput, timeText } from "../model/times.js";
import { nodeHref, search, setSearch, streamHref } from "../router.js";
import { seconds } from "../server-clock.js";
import { nodes } from "../state.js";
import { AlarmTabs } from "../view/alarm-tabs.js";
import { Badge, SeverityBadge } from "../view/badge.js";
import { Check } from "../view/icons.js";
import { MoreRow, useFurther } from "../view/more.js";
import { PageTitle } from "../view/page-title.js";
import { usePolled } from "../view/use-polled.js";
import { RuleText } from "./alarms.js";

const EVERY_MS = 10_000; // ms
const PAGE = 50;

/** Everything that was ever raised and cleared, the newest first. */
export function EventsPage() {
  const filter = readEventFilter(search.value);
  const path = eventsPath(filter, PAGE);
  const change = (change: EventFilter): void => setSearch(eventSearch({ ...filter, ...change }), "replace");
  const filtering = Object.values(filter).some((value) => value !== undefined);
  return (
    <>
      <div class="page-head">
        <PageTitle title="Events" />
        <AlarmTabs />
      </div>
      <search class="toolbar event-filters">
        <label class="field">
          <span>Severity</span>
          <select
            value={filter.severity ?? ""}
            onChange={({ currentTarget: { value } }) =>
              change({ severity: readEventFilter(`?severity=${value}`).severity })
            }
          >
            <option value="">Every</option>
            <option value="critical">Critical</option>
            <option value="warning">Warning</option>
            <option value="info">Info</option>
          </select>
        </label>
        <label class="field">
          <span>What</span>
          <select
            value={filter.state ?? ""}
            onChange={({ currentTarget: { value } }) =>
              change({ state: readEventFilter(`?state=${value}`).state })
            }
          >
            <option value="">Raised and cleared</option>
            <option value="raised">Raised</option>
            <option value="cleared">Cleared</option>
          </select>
        </label>
        {NAME_FIELDS.map((field) => (
          <NameField
            key={field}
            field={field}
            value={filter[field]}
            onName={(name) => change({ [field]: name })}
          />
        ))}
        {(["from", "to"] as const).map((field) => (
          <label key={field} class="field">
            <span>{field === "from" ? "From" : "Until"}</span>
            <input
              type="datetime-local"
              step="1"
              value={filter[field] === undefined ? "" : localInput(filter[field])}
              onChange={({ currentTarget: { value } }) => change({ [field]: parseLocalInput(value) })}
            />
          </label>
        ))}
        {filtering && (
          <button type="button" class="button button-plain" onClick={() => setSearch("", "replace")}>
            Clear filters
          </button>
        )}
      </search>
      <EventList key={path} path={path} filtering={filtering} />
    </>
  );
}

/** A name of the wire: asked for once it is one. */
function NameField({
  field,
  value,
  onName,
}: {
  field: (typeof NAME_FIELDS)[number];
  value: string | undefined;
  onName: (name: string | undefined) => void;
}) {
  const wrong = useSignal(false);
  return (
    <label class="field field-name">
      <span>{field[0]?.toUpperCase() + field.slice(1)}</span>
      <input
        type="text"
        autoCapitalize="none"
        spellcheck={false}
        maxLength={32}
        placeholder="any"
        aria-invalid={wrong.value}
        title={wrong.value ? `expected a name: 1 to 32 of a-z, 0-9 and "-"` : undefined}
        value={value ?? ""}
        onChange={({ currentTarget }) => {
          const name = currentTarget.value.trim();
          wrong.value = name !== "" && !isName(name);
          if (!wrong.value) onName(name === "" ? undefined : name);
        }}
      />
    </label>
  );
}

function EventList({ path, filtering }: { path: string; filtering: boolean }) {
  const polled = usePolled(path, (signal) => measured.events(path, signal), EVERY_MS);
  const { data, problem } = polled.value;
  const older = useFurther(data?.next, async (address) => {
    const page = await measured.events(address);
    return { items: page.events, next: page.next };
  });
  const newest = data?.events ?? [];
  const ids = new Set(newest.map(({ id }) => id));
  const events = [...newest, ...older.items.filter(({ id }) => !ids.has(id))];
  return (
    <section class="card" aria-label="Past events">
      {problem !== undefined && (
        <p class="notice" role="status" data-historian-problem>
          {problem}
        </p>
      )}
      {data === undefined ? (
        problem === undefined && <p class="empty-line">Loading…</p>
      ) : events.length === 0 ? (
        <p class="empty-line">{filtering ? "No event fits the filters." : "Nothing has happened yet."}</p>
      ) : (
        <ul class="alarms">
          {events.map((event) => (
            <EventRow key={event.id} told={event} />
          ))}
        </ul>
      )}
      {older.more !== undefined && <MoreRow label="Earlier" action={older.action} more={older.more} />}
    </section>
  );
}

/** Room around an event in the chart that it leads to. */
const AROUND_MS = 300_000; // ms

function EventRow({ told }: { told: HistoryEvent }) {
  const { event, stream, at } = told;
  const placed = findStream(nodes.value ?? new Map(), stream);
  const title =
    placed === undefined
      ? `${event.node} / ${event.sensor}`
      : `${nodeTitle(placed.node)} / ${sensorTitle(placed.sensor)}`;
  const cleared = event.state === "cleared";
  const href = isNodeAlarm(told)
    ? nodeHref({ domain: told.domain, node: event.node })
    : `${streamHref(stream)}?from=${at - AROUND_MS}&to=${at + AROUND_MS}`;
  return (
    <li class={`alarm alarm-past alarm-${event.severity}`} data-event={told.id}>
      <div class="alarm-badges">
        {cleared ? (
          <Badge tone="ok">
            <Check /> Cleared
          </Badge>
        ) : (
          <SeverityBadge severity={event.severity} />
        )}
      </div>
      <div class="alarm-text">
        <p class="alarm-message">{event.message}</p>
        <p class="alarm-where">
          <a href={href}>{title}</a>
          <RuleText event={event} sensor={placed?.sensor} />
        </p>
      </div>
      <p class="alarm-time">
        <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>
          {timeText(at, seconds.value)}
        </time>
        {cleared && event.timestamp > event.since && (
          <span class="quiet">after {durationText(event.timestamp - event.since)}</span>
        )}
      </p>
    </li>
  );
}
