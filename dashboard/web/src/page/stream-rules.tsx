import type { NodeView, Rule, SensorView } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { api } from "../api.js";
import { sensorTitle } from "../model/catalogue.js";
import { type RuleField, ruleFields, ruleText } from "../model/rules.js";
import { book, may } from "../state.js";
import { OutcomeText, useAction } from "../view/action.js";
import { Badge, SEVERITY_WORD, SeverityBadge } from "../view/badge.js";
import { Dialog } from "../view/dialog.js";
import { Check } from "../view/icons.js";

/** The sensor's rules, how each stands, and a form to change its figures. */
export function Rules({ node, sensor }: { node: NodeView; sensor: SensorView }) {
  return (
    <section class="card" aria-labelledby="rules">
      <h2 id="rules">Alarm rules</h2>
      {sensor.rules.length === 0 ? (
        <p class="quiet">This sensor has no rules. They are written in the node's configuration.</p>
      ) : (
        <ul class="rules">
          {sensor.rules.map((rule) => (
            <RuleRow key={rule.id} node={node} sensor={sensor} rule={rule} />
          ))}
        </ul>
      )}
    </section>
  );
}

function RuleRow({ node, sensor, rule }: { node: NodeView; sensor: SensorView; rule: Rule }) {
  const editing = useSignal(false);
  const alarm = book.value.standing.get(`${sensor.stream}/${rule.id}`);
  return (
    <li class="rule">
      <div class="rule-text">
        <p>
          <strong>{rule.id}</strong> <span class="quiet">{SEVERITY_WORD[rule.severity].toLowerCase()}</span>
        </p>
        <p>{ruleText(rule, sensor)}</p>
      </div>
      {alarm === undefined ? (
        <Badge tone="ok">
          <Check /> Clear
        </Badge>
      ) : (
        <SeverityBadge severity={rule.severity} />
      )}
      {may("operator") && !node.legacy && (
        <button
          type="button"
          class="button button-small"
          aria-label={`Change rule ${rule.id}`}
          onClick={() => (editing.value = true)}
        >
          Change
        </button>
      )}
      {editing.value && (
        <RuleForm node={node} sensor={sensor} rule={rule} onClose={() => (editing.value = false)} />
      )}
    </li>
  );
}

interface FormProps {
  node: NodeView;
  sensor: SensorView;
  rule: Rule;
  onClose: () => void;
}

function shownNumber(field: RuleField): string {
  if (field.value === undefined) return "";
  return String(field.seconds ? field.value / 1000 : field.value);
}

function RuleForm({ node, sensor, rule, onClose }: FormProps) {
  const fields = ruleFields(rule, sensor);
  const texts = useSignal<Record<string, string>>(
    Object.fromEntries(fields.map((field) => [field.name, shownNumber(field)])),
  );
  const action = useAction();
  const wrong = action.outcome.state === "failed" ? action.outcome.field : undefined;
  const changed = (): Record<string, unknown> => {
    const set: Record<string, unknown> = {};
    for (const field of fields) {
      const text = texts.value[field.name] ?? "";
      if (text === shownNumber(field) || text === "") continue;
      set[field.name] = field.seconds ? Math.round(Number(text) * 1000) : Number(text);
    }
    return set;
  };
  return (
    <Dialog title={`Rule ${rule.id} of ${sensorTitle(sensor)}`} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const set = changed();
          if (Object.keys(set).length === 0) {
            onClose();
            return;
          }
          void action.run(async () => {
            const result = await api.command(node, "set-rule", { sensor: sensor.id, rule: rule.id, set });
            return `Now ${ruleText(result.rule, sensor)}.`;
          });
        }}
      >
        <div class="field-grid">
          {fields.map((field) => (
            <label class="field" key={field.name}>
              <span>
                {field.label}
                {field.unit === "" ? "" : ` (${field.unit})`}
              </span>
              <input
                type="number"
                step="any"
                min={field.seconds ? 0 : undefined}
                required={field.required}
                aria-invalid={wrong?.endsWith(field.name) === true}
                placeholder={field.required ? "" : "not set"}
                value={texts.value[field.name]}
                onInput={(event) => {
                  texts.value = { ...texts.value, [field.name]: event.currentTarget.value };
                }}
              />
            </label>
          ))}
        </div>
        <p class="quiet">
          The node keeps it over a restart, beside the configured value. When its configuration changes that
          value, the configuration wins again.
        </p>
        <OutcomeText outcome={action.outcome} />
        <div class="button-row">
          <button type="submit" class="button button-primary" disabled={action.busy}>
            Set
          </button>
          <button type="button" class="button button-plain" onClick={onClose}>
            {action.outcome.state === "done" ? "Close" : "Cancel"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
