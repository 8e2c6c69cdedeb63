import type { NodePresence, Severity } from "@fieldmesh/protocol";
import type { ComponentChildren } from "preact";
import type { Standing } from "../model/catalogue.js";
import { Check, Clock, Critical, Info, Offline, Online, Silent, Warning } from "./icons.js";

type Tone = "ok" | "info" | "warning" | "critical" | "quiet";

/** A state in icon, word and colour, so that none of the three is needed. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

export const SEVERITY_ICON = { info: Info, warning: Warning, critical: Critical } as const;
export const SEVERITY_WORD: Record<Severity, string> = {
  info: "Info",
  warning: "Warning",
  critical: "Critical",
};

export function SeverityBadge({ severity }: { severity: Severity }) {
  const Icon = SEVERITY_ICON[severity];
  return (
    <Badge tone={severity}>
      <Icon /> {SEVERITY_WORD[severity]}
    </Badge>
  );
}

const PRESENCE = {
  online: { tone: "ok", word: "Online", Icon: Online },
  silent: { tone: "warning", word: "Silent", Icon: Silent },
  offline: { tone: "critical", word: "Offline", Icon: Offline },
  unknown: { tone: "quiet", word: "Readings only", Icon: Info },
} as const;

export function PresenceBadge({ presence }: { presence: NodePresence }) {
  const { tone, word, Icon } = PRESENCE[presence];
  return (
    <Badge tone={tone}>
      <Icon /> {word}
    </Badge>
  );
}

/** How a sensor stands; nothing is said where all is well. */
export function StandingBadge({
  standing,
  severity,
}: {
  standing: Standing;
  severity?: Severity | undefined;
}) {
  switch (standing) {
    case "alarm":
      return <SeverityBadge severity={severity ?? "warning"} />;
    case "failed":
      return (
        <Badge tone="critical">
          <Critical /> Failed
        </Badge>
      );
    case "stale":
      return (
        <Badge tone="quiet">
          <Clock /> Stale
        </Badge>
      );
    case "waiting":
      return (
        <Badge tone="quiet">
          <Clock /> Waiting
        </Badge>
      );
    case "ok":
      return (
        <span class="badge badge-fine">
          <Check /> <span class="visually-hidden">OK</span>
        </span>
      );
  }
}
