import type { ChannelView } from "@fieldmesh/protocol";
import { api } from "../api.js";
import { agoText, durationText, elapsedText, fullTime } from "../model/times.js";
import { seconds } from "../server-clock.js";
import { link, signOut } from "../session.js";
import { connection, dropped, hello, may, session } from "../state.js";
import { ActionButton, OutcomeText, useAction } from "../view/action.js";
import { Badge } from "../view/badge.js";
import { Fact } from "../view/fact.js";
import { Check, Cross, Warning } from "../view/icons.js";
import { PageTitle } from "../view/page-title.js";
import { type Column, Table } from "../view/table.js";

const whole = new Intl.NumberFormat();

export function SystemPage() {
  return (
    <>
      <div class="page-head">
        <PageTitle title="System" />
      </div>
      <div class="columns">
        <Brokers />
        <Session />
        <Server />
      </div>
      <Channels />
      <DroppedMessages />
    </>
  );
}

function Brokers() {
  const brokers = hello.value?.brokers ?? [];
  return (
    <section class="card" aria-labelledby="brokers">
      <h2 id="brokers">Brokers</h2>
      <ul class="plain-list">
        {brokers.map((broker) => (
          <li key={broker.url} class="broker">
            <code class="clip">{broker.url}</code>
            <span>
              <Badge tone={broker.connected ? "ok" : "critical"}>
                {broker.connected ? <Check /> : <Cross />} {broker.connected ? "Connected" : "Away"}
              </Badge>{" "}
              <span class="quiet" title={fullTime(broker.since)}>
                for {elapsedText(seconds.value - broker.since)}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Session() {
  const action = useAction();
  const user = session.value;
  if (user.state !== "signed-in") return null;
  const can = {
    viewer: "sees everything and changes nothing",
    operator: "acknowledges alarms and sends commands",
    admin: "does everything, removing nodes included",
  }[user.role];
  return (
    <section class="card" aria-labelledby="session">
      <h2 id="session">You</h2>
      <dl class="facts">
        <Fact term="User">{user.required ? user.name : "on this machine, without sign-in"}</Fact>
        <Fact term="Role">
          {user.role}: {can}
        </Fact>
        <Fact term="Connection">
          {connection.value.state === "connected" && link.connected ? "live" : "not connected"}
        </Fact>
      </dl>
      {user.required && (
        <div class="button-row">
          <ActionButton
            action={action}
            work={async () => {
              await signOut();
              return "Signed out.";
            }}
          >
            Sign out
          </ActionButton>
        </div>
      )}
    </section>
  );
}

function Server() {
  const now = hello.value;
  if (now === undefined) return null;
  return (
    <section class="card" aria-labelledby="server">
      <h2 id="server">Dashboard</h2>
      <dl class="facts">
        <Fact term="Version">{now.version}</Fact>
        <Fact term="Window">
          {durationText(now.windowMs)}, at most {whole.format(now.maxReadings)} readings a stream
        </Fact>
        <Fact term="Frames">every {durationText(now.frameMs)}, fewer where a browser cannot keep up</Fact>
      </dl>
    </section>
  );
}

const KINDS = { webhook: "Webhook", ntfy: "ntfy", email: "E-mail" } as const;

const CHANNEL_COLUMNS: readonly Column[] = [
  { label: "Channel" },
  { label: "Kind" },
  { label: "From severity" },
  { label: "State" },
  { label: "Sent", number: true },
  { label: "Failed", number: true },
  { label: "Waiting", number: true },
];

function Channels() {
  const channels = dropped.value?.channels ?? [];
  return (
    <section class="card" aria-labelledby="channels">
      <h2 id="channels">Notifications</h2>
      {channels.length === 0 ? (
        <p class="quiet">
          No channel is set up. Alarms can be sent to a webhook, ntfy or by e-mail: channels are written in
          the dashboard's configuration file (<code>DASHBOARD_CONFIG</code>), not here.
        </p>
      ) : (
        <Table columns={may("admin") ? [...CHANNEL_COLUMNS, { label: "Test" }] : CHANNEL_COLUMNS}>
          {channels.map((channel) => (
            <Channel key={channel.name} channel={channel} />
          ))}
        </Table>
      )}
    </section>
  );
}

function Channel({ channel }: { channel: ChannelView }) {
  const action = useAction();
  const { lastError, lastSentAt } = channel;
  const failing = lastError !== undefined && (lastSentAt === undefined || lastSentAt < lastError.at);
  return (
    <tr>
      <th scope="row">{channel.name}</th>
      <td>{KINDS[channel.kind]}</td>
      <td>{channel.minSeverity}</td>
      <td class="wide-cell">
        {failing ? (
          <>
            <Badge tone="critical">
              <Cross /> Failing
            </Badge>{" "}
            <span class="quiet">
              {lastError.message}, {agoText(lastError.at, seconds.value)}
            </span>
          </>
        ) : lastSentAt === undefined ? (
          <span class="quiet">nothing sent yet</span>
        ) : (
          <>
            <Badge tone="ok">
              <Check /> Working
            </Badge>{" "}
            <span class="quiet">last sent {agoText(lastSentAt, seconds.value)}</span>
          </>
        )}
      </td>
      <td class="number">{whole.format(channel.sent)}</td>
      <td class="number">{whole.format(channel.failed)}</td>
      <td class="number">{whole.format(channel.pending)}</td>
      {may("admin") && (
        <td>
          <ActionButton
            action={action}
            class="button-small"
            label={`Send a test to ${channel.name}`}
            work={async () => {
              await api.testChannel(channel.name);
              return "Test sent.";
            }}
          >
            Send test
          </ActionButton>
          <OutcomeText outcome={action.outcome} />
        </td>
      )}
    </tr>
  );
}

/** The causes of the wire's parsers, and the server's own, in words. */
const CAUSES: Record<string, string> = {
  topic: "topic is not one of this wire",
  name: "a name is outside the grammar",
  reserved: "a reserved name",
  size: "too large",
  utf8: "not UTF-8",
  json: "not JSON",
  field: "a field is missing or wrong",
  mismatch: "payload names another node or sensor than its topic",
  retained: "retained where it must not be",
};

const DROPPED_COLUMNS: readonly Column[] = [
  { label: "Topic" },
  { label: "Cause" },
  { label: "What was wrong" },
  { label: "Count", number: true },
  { label: "Last", number: true },
];

function DroppedMessages() {
  const now = dropped.value;
  if (now === undefined) return null;
  const causes = Object.entries(now.byCause).sort((a, b) => b[1] - a[1]);
  return (
    <section class="card" aria-labelledby="dropped">
      <h2 id="dropped">Messages not taken</h2>
      {now.total === 0 ? (
        <p class="empty-line">
          <Check /> Every message received was understood.
        </p>
      ) : (
        <>
          <p>
            <Warning /> {whole.format(now.total)} since the dashboard was started:{" "}
            {causes.map(([cause, count]) => `${whole.format(count)} ${CAUSES[cause] ?? cause}`).join("; ")}.
          </p>
          <Table columns={DROPPED_COLUMNS}>
            {now.recent.map((entry) => (
              <tr key={`${entry.topic} ${entry.cause}`}>
                <th scope="row">
                  <code class="break">{entry.topic}</code>
                </th>
                <td>{entry.cause}</td>
                <td class="wide-cell break">{entry.detail}</td>
                <td class="number">{whole.format(entry.count)}</td>
                <td class="number" title={fullTime(entry.at)}>
                  {agoText(entry.at, seconds.value)}
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </section>
  );
}
