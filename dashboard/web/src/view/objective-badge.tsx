import type { ObjectiveReport } from "@fieldmesh/protocol";
import { burnText } from "../model/quality.js";
import { Badge } from "./badge.js";
import { Check, Clock, Critical, Warning } from "./icons.js";

/** The state of a promise in icon, word and colour. */
export function ObjectiveBadge({ objective }: { objective: ObjectiveReport }) {
  switch (objective.state) {
    case "ok":
      return (
        <Badge tone="ok">
          <Check /> Kept
        </Badge>
      );
    case "burning": {
      const fast = burnText(objective);
      const { severity = "warning" } = objective;
      return (
        <>
          <Badge tone={severity}>{severity === "critical" ? <Critical /> : <Warning />} Burning</Badge>
          {fast !== undefined && <span class="quiet burn-rate"> {fast}</span>}
        </>
      );
    }
    case "exhausted":
      return (
        <Badge tone="critical">
          <Critical /> Budget spent
        </Badge>
      );
    case "unknown":
      return (
        <Badge tone="quiet">
          <Clock /> {objective.actual === null ? "Not measured" : "Too early to say"}
        </Badge>
      );
  }
}
