import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Outcome } from "./action.js";

/** What the server said of one field of what was sent, and of what is below it. */
export function faultOf(outcome: Outcome, pointer: string): string | undefined {
  if (outcome.state !== "failed") return undefined;
  const found = outcome.faults.filter(
    (fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`),
  );
  if (found.length === 0) return undefined;
  return found
    .map(({ pointer: at, detail }) =>
      at === pointer ? detail : `${at.slice(pointer.length + 1)}: ${detail}`,
    )
    .join("\n");
}

interface FieldProps {
  label: string;
  /** Below the field, in words. */
  hint?: ComponentChildren;
  fault?: string | undefined;
}

/** A label, its control and what is wrong with it, told to screen readers with the control. */
function Field({
  label,
  hint,
  fault,
  children,
}: FieldProps & {
  children: (ids: { id: string; describedBy: string; invalid: boolean }) => ComponentChildren;
}) {
  const id = useId();
  return (
    <div class="field form-field">
      <label for={id}>{label}</label>
      {children({ id, describedBy: `${id}-about`, invalid: fault !== undefined })}
      <p id={`${id}-about`} class={fault === undefined ? "field-hint quiet" : "field-hint field-fault"}>
        {fault ?? hint}
      </p>
    </div>
  );
}

export function TextField({
  value,
  onValue,
  required = false,
  readOnly = false,
  type = "text",
  list,
  ...field
}: FieldProps & {
  value: string;
  onValue: (value: string) => void;
  required?: boolean;
  readOnly?: boolean;
  type?: "text" | "number" | "datetime-local";
  /** Values to choose from, beside any other. */
  list?: readonly string[];
}) {
  const listId = useId();
  return (
    <Field {...field}>
      {({ id, describedBy, invalid }) => (
        <>
          <input
            id={id}
            type={type}
            step={type === "number" ? "any" : undefined}
            value={value}
            required={required}
            readOnly={readOnly}
            spellcheck={false}
            aria-invalid={invalid}
            aria-describedby={describedBy}
            list={list === undefined ? undefined : listId}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
          {list !== undefined && (
            <datalist id={listId}>
              {list.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

export function AreaField({
  value,
  onValue,
  rows = 3,
  required = false,
  code = false,
  ...field
}: FieldProps & {
  value: string;
  onValue: (value: string) => void;
  rows?: number;
  required?: boolean;
  /** What is written is for machines. */
  code?: boolean;
}) {
  return (
    <Field {...field}>
      {({ id, describedBy, invalid }) => (
        <textarea
          id={id}
          class={code ? "code-area" : undefined}
          rows={rows}
          value={value}
          required={required}
          spellcheck={!code}
          aria-invalid={invalid}
          aria-describedby={describedBy}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function SelectField<T extends string>({
  value,
  values,
  word = (one) => one,
  onValue,
  ...field
}: FieldProps & {
  value: T;
  values: readonly T[];
  word?: (value: T) => string;
  onValue: (value: T) => void;
}) {
  return (
    <Field {...field}>
      {({ id, describedBy, invalid }) => (
        <select
          id={id}
          value={value}
          aria-invalid={invalid}
          aria-describedby={describedBy}
          onChange={(event) => {
            const chosen = values.find((one) => one === event.currentTarget.value);
            if (chosen !== undefined) onValue(chosen);
          }}
        >
          {values.map((one) => (
            <option key={one} value={one}>
              {word(one)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
