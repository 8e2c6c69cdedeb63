import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { Check, Info, Warning } from "../view/icons.js";

const whole = new Intl.NumberFormat();

/** The terms of the identity, in words: nothing is lost without being counted. */
export function Accounting({ node, sensor }: { node: NodeView; sensor: SensorView }) {
  const { account } = sensor;
  return (
    <section class="card" aria-labelledby="accounting">
      <h2 id="accounting">What became of every reading</h2>
      {account === undefined ? (
        <p class="quiet">
          {node.legacy
            ? "This publisher does not number its readings, so a missing one cannot be seen."
            : "The node's first count has not come yet."}
        </p>
      ) : (
        <>
          <p>
            {account.unknown > 0 ? (
              <Warning />
            ) : account.dropped > 0 || account.held > 0 ? (
              <Info />
            ) : (
              <Check />
            )}{" "}
            {sentence(account)}
          </p>
          <dl class="facts">
            <Term term="Arrived here" count={account.stored} what="came from the node, each counted once" />
            <Term term="Dropped" count={account.dropped} what="the node had to give up, and says which" />
            <Term term="Held" count={account.held} what="wait at the node to be sent" />
            <Term term="Unknown" count={account.unknown} what="are missing, and asked for" />
          </dl>
          <p class="quiet">
            Counted since this dashboard first heard of the node's present start. The newest reading has the
            number {whole.format(account.lastSeq)}.
          </p>
        </>
      )}
    </section>
  );
}

function Term({ term, count, what }: { term: string; count: number; what: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        <span class="tabular">{whole.format(count)}</span> <span class="quiet">{what}</span>
      </dd>
    </div>
  );
}

function sentence(account: NonNullable<SensorView["account"]>): string {
  const total = account.stored + account.dropped + account.held + account.unknown;
  if (total === account.stored) return `All ${whole.format(total)} readings have arrived.`;
  return `Of ${whole.format(total)} readings ${whole.format(account.stored)} have arrived.`;
}
