import type { ComplianceState, ProductStatus, Provision, Subscription, Visibility } from "../mesh/types.js";
import { Badge } from "./badge.js";
import { Check, Clock, Critical, Cross, Globe, Info, Lock, Pause, Question, Warning } from "./icons.js";

const STATUS = {
  draft: { tone: "quiet", word: "Draft", Icon: Clock },
  active: { tone: "ok", word: "Active", Icon: Check },
  deprecated: { tone: "warning", word: "Deprecated", Icon: Warning },
  inactive: { tone: "quiet", word: "Inactive", Icon: Pause },
  retired: { tone: "quiet", word: "Retired", Icon: Cross },
} as const;

export function StatusBadge({ status }: { status: ProductStatus }) {
  const { tone, word, Icon } = STATUS[status];
  return (
    <Badge tone={tone}>
      <Icon /> {word}
    </Badge>
  );
}

const VISIBILITY = {
  public: { word: "Public", Icon: Globe },
  restricted: { word: "Restricted", Icon: Info },
  private: { word: "Private", Icon: Lock },
} as const;

export function VisibilityBadge({ visibility }: { visibility: Visibility }) {
  const { word, Icon } = VISIBILITY[visibility];
  return (
    <Badge tone="quiet">
      <Icon /> {word}
    </Badge>
  );
}

const SUBSCRIPTION = {
  requested: { tone: "info", word: "Requested", Icon: Clock },
  approved: { tone: "ok", word: "Approved", Icon: Check },
  rejected: { tone: "critical", word: "Rejected", Icon: Cross },
  revoked: { tone: "quiet", word: "Revoked", Icon: Cross },
  expired: { tone: "quiet", word: "Expired", Icon: Clock },
} as const;

export function SubscriptionBadge({ state }: { state: Subscription["state"] }) {
  const { tone, word, Icon } = SUBSCRIPTION[state];
  return (
    <Badge tone={tone}>
      <Icon /> {word}
    </Badge>
  );
}

const COMPLIANCE = {
  pass: { tone: "ok", word: "Compliant", Icon: Check },
  fail: { tone: "critical", word: "Not compliant", Icon: Critical },
  unknown: { tone: "quiet", word: "Compliance unknown", Icon: Question },
} as const;

export function ComplianceBadge({ state }: { state: ComplianceState }) {
  const { tone, word, Icon } = COMPLIANCE[state];
  return (
    <Badge tone={tone}>
      <Icon /> {word}
    </Badge>
  );
}

const VERDICT = {
  pass: { tone: "ok", word: "Pass", Icon: Check },
  fail: { tone: "critical", word: "Fail", Icon: Critical },
  unknown: { tone: "quiet", word: "Unknown", Icon: Question },
} as const;

/** How one rule stands. */
export function VerdictBadge({ verdict }: { verdict: ComplianceState }) {
  const { tone, word, Icon } = VERDICT[verdict];
  return (
    <Badge tone={tone}>
      <Icon /> {word}
    </Badge>
  );
}

const PROVISION = {
  running: { tone: "info", word: "Running", Icon: Clock },
  ready: { tone: "ok", word: "Ready", Icon: Check },
  failed: { tone: "critical", word: "Failed", Icon: Critical },
  undone: { tone: "quiet", word: "Undone", Icon: Cross },
} as const;

export function ProvisionBadge({ state }: { state: Provision["state"] }) {
  const { tone, word, Icon } = PROVISION[state];
  return (
    <Badge tone={tone}>
      <Icon /> {word}
    </Badge>
  );
}

const STEP = {
  waiting: { tone: "quiet", word: "Waiting", Icon: Clock },
  running: { tone: "info", word: "Running", Icon: Clock },
  done: { tone: "ok", word: "Done", Icon: Check },
  external: { tone: "quiet", word: "Not made here", Icon: Info },
  failed: { tone: "critical", word: "Failed", Icon: Critical },
  undone: { tone: "quiet", word: "Undone", Icon: Cross },
} as const;

export function StepBadge({ state }: { state: Provision["steps"][number]["state"] }) {
  const { tone, word, Icon } = STEP[state];
  return (
    <Badge tone={tone}>
      <Icon /> {word}
    </Badge>
  );
}
