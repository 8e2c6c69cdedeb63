import type { AlarmEvent, AlarmView, SensorView } from "@fieldmesh/protocol";
import { signal, useSignal } from "@preact/signals";
import { api } from "../api.js";
import { entriesOf } from "../model/alarm-entries.js";
import {
  alarmStream,
  isAcknowledged,
  isNodeAlarm,
  isPromiseAlarm,
  raiseId,
  sortStanding,
} from "../model/alarms.js";
import { findStream, nodeTitle, sensorTitle } from "../model/catalogue.js";
import { durationText, elapsedText, fullTime, timeText } from "../model/times.js";
import { valueText } from "../model/units.js";
import { nodeHref, promisesHref, streamHref } from "../router.js";
import { seconds } from "../server-clock.js";
import { book, hello, may, nodes } from "../state.js";
import { OutcomeText, useAction } from "../view/action.js";
import { Affected } from "../view/affected.js";
import { AlarmTabs } from "../view/alarm-tabs.js";
import { Badge, SeverityBadge } from "../view/badge.js";
import { Dialog } from "../view/dialog.js";
import { Check, Search } from "../view/icons.js";
import { PageTitle } from "../view/page-title.js";

const text = signal("");
const severity = signal("");

export function AlarmsPage() {
  const standing = sortStanding(book.value.standing.values()).filter(fits);
  const past = book.value.history.filter(
    (alarm) => fits(alarm) && !isStanding(alarm, book.value.standing.get(alarm.key)),
  );
  const filtering = text.value !== "" || severity.value !== "";
  return (
    <>
      <div class="page-head">
        <PageTitle title="Alarms" />
        <AlarmTabs />
      </div>
      <search class="toolbar">
        <label class="search">
          <Search />
          <span class="visually-hidden">Search alarms</span>
          <input
            id="search"
            type="search"
            placeholder="Search alarms"
            value={text}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <label class="select">
          <span class="visually-hidden">Severity</span>
          <select value={severity} onChange={(event) => (severity.value = event.currentTarget.value)}>
            <option value="">Every severity</option>
            <option value="critical">Critical</option>
            <option value="warning">Warning</option>
            <option value="info">Info</option>
          </select>
        </label>
      </search>
      <section class="card" aria-labelledby="standing">
        <h2 id="standing">Standing</h2>
        {standing.length === 0 ? (
          <p class="empty-line">
            <Check /> {filtering ? "No standing alarm fits the filter." : "No alarm is standing."}
          </p>
        ) : (
          <ul class="alarms">
            {entriesOf(standing).map(({ alarm, ofSensors }) => (
              <AlarmRow key={raiseId(alarm)} alarm={alarm} ofSensors={ofSensors} standing />
            ))}
          </ul>
        )}
      </section>
      <section class="card" aria-labelledby="history">
        <div class="card-head">
          <h2 id="history">History</h2>
          {hello.value?.history !== false && <a href="/events">All events, with filters</a>}
        </div>
        {past.length === 0 ? (
          <p class="empty-line">
            {filtering ? "Nothing in the history fits the filter." : "Nothing has happened yet."}
          </p>
        ) : (
          <ul class="alarms">
            {past.map((alarm) => (
              <AlarmRow key={`${raiseId(alarm)} ${alarm.event.state}`} alarm={alarm} standing={false} />
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

/** The history may hold the raise that still stands: it is told once, above. */
function isStanding(alarm: AlarmView, standing: AlarmView | undefined): boolean {
  return standing !== undefined && raiseId(standing) === raiseId(alarm);
}

function fits(alarm: AlarmView): boolean {
  if (severity.value !== "" && alarm.event.severity !== severity.value) return false;
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const { node, sensor, rule, message } = alarm.event;
  const all = `${alarm.domain} ${node} ${sensor} ${rule} ${message}`.toLowerCase();
  return words.every((word) => all.includes(word));
}

export function AlarmRow({
  alarm,
  standing,
  ofSensors = [],
  isPart = false,
}: {
  alarm: AlarmView;
  standing: boolean;
  /** Those that tell the same trouble again. */
  ofSensors?: readonly AlarmView[];
  /** Of another alarm's entry, which says who is affected. */
  isPart?: boolean;
}) {
  const { event } = alarm;
  const cleared = event.state === "cleared" || alarm.endedAt !== undefined || !standing;
  return (
    <li
      class={`alarm alarm-${event.severity} ${standing ? "alarm-standing" : "alarm-past"} ${
        standing && isAcknowledged(alarm) ? "alarm-acknowledged" : ""
      }`}
      data-alarm={alarm.key}
    >
      <div class="alarm-badges">
        {event.state === "cleared" && !standing ? (
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
          <AlarmSource alarm={alarm} />
        </p>
        <Acknowledgement alarm={alarm} />
        {standing && !isPart && <Affected streams={streamsOf(alarm)} />}
      </div>
      <AlarmTimes alarm={alarm} cleared={cleared} />
      {standing && (
        <div class="alarm-act">
          {!isAcknowledged(alarm) && may("operator") && <Acknowledge alarm={alarm} />}
        </div>
      )}
      {ofSensors.length > 0 && (
        <details class="alarm-folded" data-folded={ofSensors.length}>
          <summary>
            {ofSensors.length === 1 ? "1 alarm of its sensors" : `${ofSensors.length} alarms of its sensors`}
          </summary>
          <ul class="alarms">
            {ofSensors.map((one) => (
              <AlarmRow key={raiseId(one)} alarm={one} standing isPart />
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

/** The streams that it is about: of a node all that it has. */
function streamsOf(alarm: AlarmView): string[] {
  if (!isNodeAlarm(alarm)) return [alarmStream(alarm)];
  const node = nodes.value?.get(`${alarm.domain}/${alarm.event.node}`);
  return node?.sensors.map(({ stream }) => stream) ?? [];
}

function AlarmSource({ alarm }: { alarm: AlarmView }) {
  const { event } = alarm;
  const node = nodes.value?.get(`${alarm.domain}/${event.node}`);
  const title = node === undefined ? event.node : nodeTitle(node);
  if (isNodeAlarm(alarm)) {
    return <a href={nodeHref({ domain: alarm.domain, node: event.node })}>{title}</a>;
  }
  const stream = alarmStream(alarm);
  const placed = findStream(nodes.value ?? new Map(), stream);
  return (
    <>
      <a href={isPromiseAlarm(event) ? promisesHref(stream) : streamHref(stream)}>
        {title} / {sensorTitle(placed?.sensor ?? { id: event.sensor })}
      </a>
      <RuleText event={event} sensor={placed?.sensor} />
    </>
  );
}

/** Which rule it was and by which value; of a promise the message has said both. */
export function RuleText({ event, sensor }: { event: AlarmEvent; sensor: SensorView | undefined }) {
  if (isPromiseAlarm(event)) return <span class="quiet"> · a promise of this stream</span>;
  return (
    <span class="quiet">
      {` · rule ${event.rule}`}
      {event.value !== null &&
        ` · at ${valueText(event.value, sensor ?? { type: event.sensor, unit: event.unit }, "round")}`}
    </span>
  );
}

function AlarmTimes({ alarm, cleared }: { alarm: AlarmView; cleared: boolean }) {
  const { event } = alarm;
  const now = seconds.value;
  if (!cleared) {
    return (
      <p class="alarm-time">
        <time dateTime={new Date(event.since).toISOString()} title={fullTime(event.since)}>
          since {timeText(event.since, now)}
        </time>
        <span class="quiet">{elapsedText(now - event.since)}</span>
      </p>
    );
  }
  const end = alarm.endedAt ?? event.timestamp;
  const ended = { expired: "expired", removed: "node removed" } as const;
  return (
    <p class="alarm-time">
      <time dateTime={new Date(end).toISOString()} title={fullTime(end)}>
        {alarm.endedAt === undefined ? "" : "until "}
        {timeText(end, now)}
      </time>
      <span class="quiet">
        {alarm.ended === undefined ? "" : `${ended[alarm.ended]}, `}
        {event.state === "raised" && alarm.endedAt === undefined
          ? "raised"
          : `${event.state === "raised" ? "stood" : "after"} ${durationText(Math.max(0, end - event.since))}`}
      </span>
    </p>
  );
}

function Acknowledgement({ alarm }: { alarm: AlarmView }) {
  const { ack } = alarm;
  if (ack === undefined || !isAcknowledged(alarm)) return null;
  return (
    <p class="alarm-ack">
      <Check /> Acknowledged by {ack.by} at {timeText(ack.at, seconds.value)}
      {ack.note !== undefined && ack.note !== "" && <span>: “{ack.note}”</span>}
    </p>
  );
}

/** Longest note: it is retained by the broker beside the alarm. */
const MAX_NOTE_CHARS = 200;

function Acknowledge({ alarm }: { alarm: AlarmView }) {
  const open = useSignal(false);
  const note = useSignal("");
  const action = useAction();
  return (
    <>
      <button
        type="button"
        class="button"
        aria-label={`Acknowledge: ${alarm.event.message}`}
        onClick={() => (open.value = true)}
      >
        <Check /> Acknowledge
      </button>
      {open.value && (
        <Dialog title="Acknowledge alarm" onClose={() => (open.value = false)}>
          <form
            class="stack"
            onSubmit={(event) => {
              event.preventDefault();
              void action
                .run(async () => {
                  await api.acknowledge(alarm, note.value.trim());
                  return "Acknowledged.";
                })
                .then((done) => {
                  if (done) open.value = false;
                });
            }}
          >
            <p>
              <SeverityBadge severity={alarm.event.severity} /> {alarm.event.node}: {alarm.event.message}
            </p>
            <label class="field">
              <span>Note (optional)</span>
              <input
                type="text"
                maxLength={MAX_NOTE_CHARS}
                placeholder="What is being done about it"
                value={note}
                onInput={(event) => (note.value = event.currentTarget.value)}
              />
            </label>
            <p class="quiet">
              It holds for this excursion. If the alarm clears and comes again, it asks again.
            </p>
            <OutcomeText outcome={action.outcome} />
            <div class="button-row">
              <button type="submit" class="button button-primary" disabled={action.busy}>
                Acknowledge
              </button>
              <button type="button" class="button button-plain" onClick={() => (open.value = false)}>
                Cancel
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
