import type { Product, ProductAccess, Subscription } from "../../mesh/types.js";
import { fullTime } from "../../model/times.js";
import { Fact } from "../../view/fact.js";
import { Check, Lock } from "../../view/icons.js";
import { Credential } from "./credential.js";

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
            <Fact key={`${name} ${address}`} term="HTTP">
              <span class="quiet">{name}: </span>
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
          subscription={own.id}
          made={mqtt.credential === "made"}
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
