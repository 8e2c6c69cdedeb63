import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { api } from "../api.js";
import { settingText, settingTitle } from "../model/rules.js";
import { agoText, durationText, fullTime } from "../model/times.js";
import { inputUnit, valueText } from "../model/units.js";
import { seconds } from "../server-clock.js";
import { may } from "../state.js";
import { ActionButton, OutcomeText, useAction } from "../view/action.js";
import { Fact } from "../view/fact.js";
import { Simulate } from "../view/simulate.js";

/** How the sensor is read, what was changed by command, and the commands to it. */
export function SensorSettings({ node, sensor }: { node: NodeView; sensor: SensorView }) {
  const { range, overrides = [] } = sensor;
  return (
    <section class="card" aria-labelledby="settings">
      <h2 id="settings">Sensor</h2>
      <dl class="facts">
        <Fact term="Name">
          <code class="break">{sensor.stream}</code>
        </Fact>
        <Fact term="Driver">{sensor.driver}</Fact>
        <Fact term="Measures">
          {sensor.type}
          {sensor.valueType === "boolean"
            ? ", on or off"
            : inputUnit(sensor.unit) === ""
              ? ""
              : ` in ${inputUnit(sensor.unit)}`}
        </Fact>
        {range !== undefined && (
          <Fact term="Range">
            {range.min === undefined ? "no least" : valueText(range.min, sensor, "round")} to{" "}
            {range.max === undefined ? "no greatest" : valueText(range.max, sensor, "round")}
          </Fact>
        )}
        {sensor.intervalMs > 0 && <Fact term="Interval">{durationText(sensor.intervalMs)}</Fact>}
        {sensor.deadband !== undefined && (
          <Fact term="Deadband">
            changes up to {valueText(sensor.deadband, sensor, "round")} are not sent
            {sensor.maxSilenceMs === undefined
              ? ""
              : `, but one reading every ${durationText(sensor.maxSilenceMs)} is`}
          </Fact>
        )}
        {(sensor.restarts ?? 0) > 0 && <Fact term="Restarts">{sensor.restarts} since the node started</Fact>}
      </dl>
      {overrides.length > 0 && (
        <>
          <h3>Changed by command</h3>
          <ul class="plain-list">
            {overrides.map((override) => (
              <li key={override.setting} class="break">
                <strong>{settingTitle(override.setting)}</strong>:{" "}
                {settingText(override.setting, override.value, sensor)}{" "}
                <span class="quiet">
                  instead of {settingText(override.setting, override.configured, sensor)}, by {override.by},{" "}
                  <time title={fullTime(override.at)}>{agoText(override.at, seconds.value)}</time>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {may("operator") && !node.legacy && <SensorCommands node={node} sensor={sensor} />}
      {may("operator") && (sensor.driver === "simulated" || node.legacy) && (
        <>
          <h3>Simulate a fault</h3>
          <Simulate node={node} sensor={sensor} />
        </>
      )}
    </section>
  );
}

function SensorCommands({ node, sensor }: { node: NodeView; sensor: SensorView }) {
  const action = useAction();
  const interval = useSignal<string | undefined>(undefined);
  const text = interval.value ?? String(sensor.intervalMs / 1000);
  return (
    <>
      <h3>Commands</h3>
      <div class="button-row">
        <ActionButton
          action={action}
          work={async () => {
            await api.command(node, "read-now", { sensor: sensor.id });
            return "Read.";
          }}
        >
          Read now
        </ActionButton>
        <ActionButton
          action={action}
          work={async () => {
            await api.command(node, "restart-sensor", { sensor: sensor.id });
            return "Restarted.";
          }}
        >
          Restart sensor
        </ActionButton>
      </div>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(async () => {
            const result = await api.command(node, "set-interval", {
              sensor: sensor.id,
              intervalMs: Math.round(Number(text) * 1000),
            });
            interval.value = undefined;
            return `Read every ${durationText(result.intervalMs)} from now on.`;
          });
        }}
      >
        <label class="field">
          <span>Interval (s)</span>
          <input
            type="number"
            step="any"
            min={0}
            required
            value={text}
            onInput={(event) => (interval.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button" disabled={action.busy}>
          Set interval
        </button>
      </form>
      <OutcomeText outcome={action.outcome} />
    </>
  );
}
