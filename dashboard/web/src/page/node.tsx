import type { NodeView } from "@fieldmesh/protocol";
import { api } from "../api.js";
import { canSimulate, nodeTitle } from "../model/catalogue.js";
import { agoText, durationText, elapsedText, fullTime } from "../model/times.js";
import { showValue } from "../model/units.js";
import { seconds } from "../server-clock.js";
import { may, nodes } from "../state.js";
import { ActionButton, OutcomeText, useAction } from "../view/action.js";
import { Affected } from "../view/affected.js";
import { PresenceBadge } from "../view/badge.js";
import { Fact } from "../view/fact.js";
import { ClockBadge } from "../view/node-card.js";
import { PageTitle } from "../view/page-title.js";
import { Simulate } from "../view/simulate.js";
import { NodeRemoval } from "./node-removal.js";
import { NodeSensors } from "./node-sensors.js";

export function NodePage({ domain, node: name }: { domain: string; node: string }) {
  const node = nodes.value?.get(`${domain}/${name}`);
  if (node === undefined) {
    return (
      <>
        <PageTitle title={name} />
        <div class="empty">
          <p>
            {nodes.value === undefined
              ? "Loading…"
              : `There is no node ${name} in the domain ${domain}. It may have been removed.`}
          </p>
          <a class="button" href="/">
            Overview
          </a>
        </div>
      </>
    );
  }
  return (
    <>
      <div class="page-head">
        <nav class="crumbs" aria-label="Where you are">
          <a href="/">Overview</a>
        </nav>
        <PageTitle title={nodeTitle(node)} />
        <PresenceBadge presence={node.presence} />
        <ClockBadge node={node} />
      </div>
      <div class="columns">
        <About node={node} />
        {may("operator") && canSimulate(node) && (
          <section class="card" aria-labelledby="simulate">
            <h2 id="simulate">Simulate a fault</h2>
            <p class="quiet">The simulated sensors drift out of their limits, and back after a reset.</p>
            <Simulate node={node} />
          </section>
        )}
        {may("operator") && !node.legacy && <ReadAll node={node} />}
      </div>
      <NodeSensors node={node} />
      {may("admin") && <NodeRemoval node={node} />}
    </>
  );
}

function About({ node }: { node: NodeView }) {
  const now = seconds.value;
  const log = node.log === undefined ? undefined : showValue(node.log.bytes, "B");
  return (
    <section class="card" aria-labelledby="about">
      <h2 id="about">About</h2>
      <dl class="facts">
        <Fact term="Domain">{node.domain}</Fact>
        <Fact term="Name">{node.node}</Fact>
        {node.host !== undefined && <Fact term="Host">{node.host}</Fact>}
        {node.version !== undefined && <Fact term="Version">{node.version}</Fact>}
        <Fact term="State">
          {node.presence === "unknown" ? "readings only" : node.presence} for{" "}
          <time title={fullTime(node.since)}>{elapsedText(now - node.since)}</time>
          {node.reason === undefined ? "" : ` (${node.reason})`}
        </Fact>
        {node.startedAt !== undefined && (
          <Fact term="Started">
            <time title={fullTime(node.startedAt)}>{agoText(node.startedAt, now)}</time>, boot {node.boot}
          </Fact>
        )}
        {node.clockOffsetMs !== undefined && (
          <Fact term="Clock">
            {Math.abs(node.clockOffsetMs) < 1
              ? "in step with the server"
              : `${durationText(node.clockOffsetMs)} ${node.clockOffsetMs > 0 ? "ahead of" : "behind"} the server`}
            , taken out of the charts
          </Fact>
        )}
        {log !== undefined && node.log !== undefined && (
          <Fact term="Log on disk">
            {log.value} {log.unit}
            {node.log.oldest !== null && `, back to ${agoText(node.log.oldest, now)}`}
          </Fact>
        )}
        {node.legacy && (
          <Fact term="Kind">Publishes readings only: it has no birth message and no accounting.</Fact>
        )}
      </dl>
      {node.presence === "offline" && <Affected streams={node.sensors.map(({ stream }) => stream)} />}
    </section>
  );
}

function ReadAll({ node }: { node: NodeView }) {
  const action = useAction();
  return (
    <section class="card" aria-labelledby="commands">
      <h2 id="commands">Commands</h2>
      <p class="quiet">Settings of one sensor are on its own page.</p>
      <div class="button-row">
        <ActionButton
          action={action}
          work={async () => {
            const { sensors } = await api.command(node, "read-now", {});
            return `${sensors.length} ${sensors.length === 1 ? "sensor" : "sensors"} read.`;
          }}
        >
          Read all sensors now
        </ActionButton>
      </div>
      <OutcomeText outcome={action.outcome} />
    </section>
  );
}
