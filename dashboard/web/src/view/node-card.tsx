import type { AlarmView, NodeView, SensorView } from "@fieldmesh/protocol";
import { memo } from "preact/compat";
import { CLOCK_WARNING_MS, canSimulate, nodeTitle } from "../model/catalogue.js";
import { agoText, durationText, elapsedText } from "../model/times.js";
import { nodeHref } from "../router.js";
import { seconds } from "../server-clock.js";
import { may } from "../state.js";
import { Badge, PresenceBadge } from "./badge.js";
import { Chevron, Clock, Flask } from "./icons.js";
import { Menu } from "./menu.js";
import { Simulate } from "./simulate.js";
import { Tile } from "./tile.js";

interface Props {
  node: NodeView;
  /** Those that pass the filter; the first `ready` of them are on the page by now. */
  sensors: readonly SensorView[];
  ready: number;
  worst: ReadonlyMap<string, AlarmView>;
}

/** A node and its sensors on the overview. */
export const NodeCard = memo(function NodeCard({ node, sensors, ready, worst }: Props) {
  const hidden = node.sensors.length - sensors.length;
  return (
    <section
      class={`node node-${node.presence}`}
      data-node={`${node.domain}/${node.node}`}
      aria-labelledby={`node-${node.domain}-${node.node}`}
    >
      <header class="node-head">
        <div class="node-title">
          <h2 class="node-name" id={`node-${node.domain}-${node.node}`}>
            <a href={nodeHref(node)}>
              {nodeTitle(node)} <Chevron />
            </a>
          </h2>
          <PresenceBadge presence={node.presence} />
          <ClockBadge node={node} />
        </div>
        <NodeFacts node={node} />
        {may("operator") && canSimulate(node) && (
          <Menu
            label={
              <>
                <Flask /> Simulate
              </>
            }
          >
            <Simulate node={node} />
          </Menu>
        )}
      </header>
      {node.sensors.length === 0 && <p class="quiet">This node has no sensors.</p>}
      <ul class="tiles">
        {sensors.slice(0, ready).map((sensor) => (
          <Tile key={sensor.stream} node={node} sensor={sensor} alarm={worst.get(sensor.stream)} />
        ))}
      </ul>
      {hidden > 0 && (
        <p class="quiet node-hidden">
          {hidden} more {hidden === 1 ? "sensor" : "sensors"} not in the filter
        </p>
      )}
    </section>
  );
});

export function ClockBadge({ node }: { node: NodeView }) {
  const offset = node.clockOffsetMs ?? 0;
  if (Math.abs(offset) < CLOCK_WARNING_MS) return null;
  return (
    <Badge tone="warning">
      <Clock /> Clock {durationText(offset)} {offset > 0 ? "ahead" : "behind"}
    </Badge>
  );
}

/** Domain, host, version and how long it has been so. */
function NodeFacts({ node }: { node: NodeView }) {
  const facts = [node.domain];
  if (node.host !== undefined && node.host !== node.node) facts.push(`on ${node.host}`);
  if (node.version !== undefined) facts.push(`version ${node.version}`);
  return (
    <p class="node-facts">
      {facts.join(" · ")} · <Since node={node} />
    </p>
  );
}

function Since({ node }: { node: NodeView }) {
  const now = seconds.value;
  if (node.presence === "online") {
    return <>{node.startedAt === undefined ? "online" : `up ${elapsedText(now - node.startedAt)}`}</>;
  }
  if (node.presence === "unknown") return <>heard {agoText(node.since, now)}</>;
  return (
    <strong>
      {node.presence} for {elapsedText(now - node.since)}
      {node.reason === undefined ? "" : ` (${node.reason})`}
    </strong>
  );
}
