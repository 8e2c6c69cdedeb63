import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { mosquittoSub } from "../../mesh/mosquitto-sub.js";
import type { BrokerCredential, Product, ProductAccess, Subscription } from "../../mesh/types.js";
import { fullTime } from "../../model/times.js";
import { ActionButton, OutcomeText, useAction } from "../../view/action.js";
import { Copy } from "../../view/copy.js";
import { Fact } from "../../view/fact.js";
import { Check, Lock } from "../../view/icons.js";

/** Address, topics and credential: all that a consumer needs. */
export function HowToRead({
  product,
  access: { may, mqtt, http },
  own,
  onMade,
}: {
  product: Product;
  access: ProductAccess;
  /** The user's own subscription. */
  own: Subscription | undefined;
  onMade: () => Promise<void>;
}) {
  return (
    <div class="stack">
      <p class="may" data-may={may.allowed ? "yes" : "no"}>
        {may.allowed ? <Check /> : <Lock />} <span>{sentence(may.reason)}</span>
        {may.until !== undefined && <span class="quiet"> until {fullTime(may.until)}</span>}
      </p>
      {mqtt !== undefined && (
        <dl class="facts">
          <Fact term="Broker">
            {mqtt.urls.length === 0 ? (
              <span class="quiet">its address is not known</span>
            ) : (
              mqtt.urls.map((url) => (
                <code key={url} class="break">
                  {url}{" "}
                </code>
              ))
            )}
          </Fact>
          <Fact term="Topics">
            {mqtt.topics.map((topic) => (
              <code key={topic} class="break">
                {topic}{" "}
              </code>
            ))}
          </Fact>
          <Fact term="User">
            <code class="break">{mqtt.username}</code>{" "}
            <span class="quiet">
              {mqtt.open ? "reads these topics" : "does not read these topics yet"}
              {mqtt.until === undefined ? "" : ` until ${fullTime(mqtt.until)}`}
            </span>
          </Fact>
        </dl>
      )}
      {mqtt !== undefined && !mqtt.available && (
        <p class="notice" data-broker-access="away">
          The broker does not follow the registry now{mqtt.reason === undefined ? "" : `: ${mqtt.reason}`}.
          What is approved opens when it does.
        </p>
      )}
      {http.length > 0 && (
        <dl class="facts">
          {http.map(({ name, address }) => (
            <Fact key={name} term={`HTTP, ${name}`}>
              <a class="break" href={address} target="_blank" rel="noreferrer">
                {address}
              </a>
            </Fact>
          ))}
        </dl>
      )}
      {own?.state === "approved" && mqtt !== undefined && (
        <Credential
          key={product.id}
          subscription={own}
          has={mqtt.credential === "made"}
          topics={mqtt.topics}
          onMade={onMade}
        />
      )}
    </div>
  );
}

function sentence(reason: string): string {
  return reason === "" ? "" : `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`;
}

/** Makes the password of the consumer's credential: it is shown this once, with a line to try it. */
function Credential({
  subscription,
  has,
  topics,
  onMade,
}: {
  subscription: Subscription;
  has: boolean;
  topics: readonly string[];
  onMade: () => Promise<void>;
}) {
  const made = useSignal<BrokerCredential | undefined>(undefined);
  const action = useAction();
  const shown = made.value;
  if (shown !== undefined) {
    const line = mosquittoSub({ ...shown, topics: topics.length === 0 ? shown.topics : [...topics] });
    return (
      <div class="secret" data-credential>
        <p>
          <strong>The password is shown this once:</strong>
        </p>
        <Copy text={shown.password} label="Copy the password" />
        {line !== undefined && (
          <>
            <p class="quiet">To read with it:</p>
            <Copy text={line} label="Copy the command" />
          </>
        )}
      </div>
    );
  }
  return (
    <div class="stack-small">
      <div class="button-row">
        <ActionButton
          action={action}
          work={async () => {
            made.value = await mesh.credential(subscription.id);
            await onMade();
            return "";
          }}
        >
          {has ? "Make a new password" : "Make a credential"}
        </ActionButton>
      </div>
      {has && <p class="quiet">A password was made before; a new one makes it void.</p>}
      <OutcomeText outcome={action.outcome} />
    </div>
  );
}
