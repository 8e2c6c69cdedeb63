import type { NodeView, Simulation } from "@fieldmesh/protocol";
import { api } from "../api.js";
import { sensorTitle } from "../model/catalogue.js";
import { ActionButton, OutcomeText, useAction } from "./action.js";

const FAULTS: { type: Simulation; label: string; sensor: string }[] = [
  { type: "overheat", label: "Overheat", sensor: "temperature" },
  { type: "lowlight", label: "Low light", sensor: "light" },
  { type: "poorair", label: "Poor air", sensor: "airquality" },
  { type: "reset", label: "Reset", sensor: "" },
];

/** Buttons that bring a fault about on a simulated node, or on one sensor of it. */
export function Simulate({ node, sensor }: { node: NodeView; sensor?: { id: string; type: string } }) {
  const action = useAction();
  const faults = FAULTS.filter((f) => sensor === undefined || f.sensor === "" || f.sensor === sensor.type);
  if (faults.length === 1) return <p class="quiet">There is no fault to simulate on this kind of sensor.</p>;
  const run = async (type: Simulation, label: string): Promise<string> => {
    const result = await api.command(
      node,
      "simulate",
      sensor === undefined ? { type } : { type, sensor: sensor.id },
    );
    if (node.legacy) return `${label} sent. Publishers of this kind do not answer.`;
    if (type === "reset") return "Faults ended.";
    return sensor === undefined
      ? `${label} begun.`
      : `${label} begun on ${result.sensors.map((id) => sensorTitle({ id })).join(", ")}.`;
  };
  return (
    <div class="stack-small">
      <fieldset class="button-row">
        <legend class="visually-hidden">{`Simulate a fault on ${node.label ?? node.node}`}</legend>
        {faults.map(({ type, label }) => (
          <ActionButton
            key={type}
            action={action}
            class={type === "reset" ? "button-plain" : ""}
            work={() => run(type, label)}
          >
            {label}
          </ActionButton>
        ))}
      </fieldset>
      <OutcomeText outcome={action.outcome} />
    </div>
  );
}
