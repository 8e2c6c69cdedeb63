import { useSignal } from "@preact/signals";
import { governance } from "../../mesh/governance.js";
import { ENFORCEMENTS, POLICY_TYPES, type Policy } from "../../mesh/governance-types.js";
import {
  NEW_POLICY,
  type PolicyForm,
  policyOf,
  SCOPE_KINDS,
  type ScopeKind,
  sentIndex,
  toPolicyForm,
} from "../../mesh/policy-form.js";
import type { Tagged } from "../../mesh/request.js";
import type { Outcome } from "../../view/action.js";
import { AreaField, SelectField, TextField } from "../../view/form.js";
import { type Form, FormDialog, useForm } from "../../view/form-dialog.js";
import { Cross, Plus } from "../../view/icons.js";

const SCOPE_WORD: Record<ScopeKind, string> = {
  global: "every product",
  domain: "products of a domain",
  product: "one product",
  tag: "products with a tag",
};
const OF_WORD = { domain: "Domain", product: "Product", tag: "Tag" } as const;

/** Makes a policy, or changes one that has been seen. */
export function PolicyDialog({
  seen,
  scopes = SCOPE_KINDS,
  domains,
  onClose,
  onSaved,
}: {
  seen?: Tagged<Policy> | undefined;
  /** Those that the user may make policies of. */
  scopes?: readonly ScopeKind[];
  /** To choose from. */
  domains: readonly string[];
  onClose: () => void;
  onSaved: () => Promise<void>;
}) {
  const entered = useSignal<PolicyForm>(
    seen === undefined ? { ...NEW_POLICY, scope: scopes[0] ?? "global" } : toPolicyForm(seen.value),
  );
  const form = useForm();
  const now = entered.value;
  const set = (change: Partial<PolicyForm>): void => {
    entered.value = { ...entered.peek(), ...change };
  };
  const save = async (): Promise<void> => {
    const { id, update } = policyOf(entered.peek());
    if (seen === undefined) await governance.makePolicy({ id, ...update });
    else await governance.changePolicy(id, seen.etag, update);
    await onSaved();
  };
  return (
    <FormDialog
      title={seen === undefined ? "Make a policy" : `Edit ${seen.value.name}`}
      form={{ ...form, outcome: saidAtRules(form.outcome) }}
      submit={seen === undefined ? "Make" : "Save"}
      work={save}
      onClose={onClose}
    >
      <div class="field-grid">
        {seen === undefined && (
          <TextField
            label="Id"
            hint="letters, digits, _ and -"
            required
            value={now.id}
            fault={form.faultAt("/id")}
            onValue={(id) => set({ id })}
          />
        )}
        <TextField
          label="Name"
          value={now.name}
          fault={form.faultAt("/name")}
          onValue={(name) => set({ name })}
        />
        <SelectField
          label="Type"
          value={now.type}
          values={POLICY_TYPES}
          fault={form.faultAt("/type")}
          onValue={(type) => set({ type })}
        />
        <SelectField
          label="Enforcement"
          hint={now.enforcement === "advisory" ? "shown, and never makes a product fail" : undefined}
          value={now.enforcement}
          values={ENFORCEMENTS}
          fault={form.faultAt("/enforcement")}
          onValue={(enforcement) => set({ enforcement })}
        />
        <SelectField
          label="For"
          value={now.scope}
          values={scopes}
          word={(kind) => SCOPE_WORD[kind]}
          fault={now.scope === "global" ? form.faultAt("/scope") : undefined}
          onValue={(scope) => set({ scope, of: "" })}
        />
        {now.scope !== "global" && (
          <TextField
            label={OF_WORD[now.scope]}
            required
            value={now.of}
            {...(now.scope === "domain" ? { list: domains } : {})}
            fault={form.faultAt("/scope")}
            onValue={(of) => set({ of })}
          />
        )}
      </div>
      <Rules rules={now.rules} faultAt={form.faultAt} onRules={(rules) => set({ rules })} />
      <AreaField
        label="Description"
        rows={2}
        value={now.description}
        fault={form.faultAt("/description")}
        onValue={(description) => set({ description })}
      />
    </FormDialog>
  );
}

/** A field for each rule: what is wrong with one is said below it, with the place in it. */
function Rules({
  rules,
  faultAt,
  onRules,
}: {
  rules: readonly string[];
  faultAt: Form["faultAt"];
  onRules: (rules: string[]) => void;
}) {
  return (
    <fieldset class="form-group policy-rules">
      <legend>Rules, all of which must hold</legend>
      <p class="quiet field-hint">
        As <code>completeness &gt;= 95%</code>, <code>timeliness &lt;= 24h</code>, <code>has(owner)</code>,{" "}
        <code>matches(description, "…")</code>, <code>tagged(pii)</code>; a bare word is what the owner
        attests.
      </p>
      {rules.map((rule, i) => (
        <div key={i} class="policy-rule">
          <TextField
            label={`Rule ${i + 1}`}
            value={rule}
            required={rules.length === 1}
            fault={ruleFault(faultAt, sentIndex(rules, i))}
            onValue={(text) => onRules(rules.map((other, j) => (j === i ? text : other)))}
          />
          {rules.length > 1 && (
            <button
              type="button"
              class="button button-icon"
              aria-label={`Take rule ${i + 1} away`}
              onClick={() => onRules(rules.filter((_other, j) => j !== i))}
            >
              <Cross />
            </button>
          )}
        </div>
      ))}
      <button type="button" class="button button-small" onClick={() => onRules([...rules, ""])}>
        <Plus /> Another rule
      </button>
    </fieldset>
  );
}

/** What every rule's own field says is not said again. */
function saidAtRules(outcome: Outcome): Outcome {
  if (outcome.state !== "failed" || outcome.faults.length === 0) return outcome;
  if (!outcome.faults.every(({ pointer }) => pointer.startsWith("/rules/"))) return outcome;
  return { ...outcome, text: "Nothing was saved: see what is said below the rules." };
}

/** The registry names the rule by its number, which the field does here. */
function ruleFault(faultAt: Form["faultAt"], index: number | undefined): string | undefined {
  if (index === undefined) return undefined;
  const fault = faultAt(`/rules/${index}`);
  return fault?.replaceAll(`rules[${index}]: `, "").replaceAll("line 1, column", "column");
}

/** Takes a policy away: nothing is judged by it any more. */
export function RemovePolicyDialog({
  policy: { id, name },
  onClose,
  onRemoved,
}: {
  policy: Policy;
  onClose: () => void;
  onRemoved: () => Promise<void>;
}) {
  const form = useForm();
  return (
    <FormDialog
      title={`Delete ${name}?`}
      form={form}
      submit="Delete it"
      danger
      cancel="Keep"
      work={async () => {
        const { etag } = await governance.policy(id);
        await governance.removePolicy(id, etag);
        await onRemoved();
      }}
      onClose={onClose}
    >
      <p>
        Products are not judged by it any more. What they were judged by it before stays in their history.
      </p>
    </FormDialog>
  );
}
