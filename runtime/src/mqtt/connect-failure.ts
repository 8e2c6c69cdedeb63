/** Why a CONNECT came to nothing, and what a person can do. */
export interface ConnectFailure {
  /** `refused`: a broker answered and said no. `unreachable`: none answered, or TLS failed. */
  kind: "refused" | "unreachable";
  reason: string;
  advice: string;
}

/** Return codes of CONNACK, MQTT 3.1.1 §3.2.2.3. */
const REFUSALS: Record<number, [reason: string, advice: string]> = {
  1: ["unacceptable protocol version", "the broker must speak MQTT 3.1.1"],
  2: ["client id rejected", "the broker's log says why"],
  3: ["server unavailable", "the broker is up but takes nobody now; it is tried again"],
  4: ["bad user name or password", "check MQTT_USERNAME and MQTT_PASSWORD"],
  5: ["not authorized", "check MQTT_USERNAME and MQTT_PASSWORD, and that the broker knows this user"],
};

const NETWORK_ADVICE: Record<string, string> = {
  ECONNREFUSED: "is the broker running there? set MQTT_URL to its address",
  ENOTFOUND: "no such host: check the name in MQTT_URL",
  EAI_AGAIN: "the name in MQTT_URL cannot be resolved now; it is tried again",
  EHOSTUNREACH: "no route to the host in MQTT_URL; it is tried again",
  ENETUNREACH: "no route to the host in MQTT_URL; it is tried again",
  ECONNRESET: "something there closed the connection: is it an MQTT port, with TLS as MQTT_URL says?",
  DEPTH_ZERO_SELF_SIGNED_CERT: "set MQTT_CA to the certificate the broker's is signed with",
  SELF_SIGNED_CERT_IN_CHAIN: "set MQTT_CA to the certificate the broker's is signed with",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "set MQTT_CA to the certificate the broker's is signed with",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "set MQTT_CA to the certificate the broker's is signed with",
  CERT_HAS_EXPIRED: "the broker's certificate has expired: renew it",
  ERR_TLS_CERT_ALTNAME_INVALID: "the broker's certificate is for another name than MQTT_URL has",
};

/** Explains an error of a CONNECT. */
export function explainConnectFailure(error: Error): ConnectFailure {
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "number") {
    const [reason, advice] = REFUSALS[code] ?? [`return code ${code}`, "the broker's log says why"];
    return { kind: "refused", reason, advice };
  }
  const advice =
    (typeof code === "string" ? NETWORK_ADVICE[code] : undefined) ??
    "is a broker there? MQTT_URL says where it is looked for";
  const named = typeof code === "string" ? code : error.name;
  // An AggregateError (every address of a name failed) has an empty message.
  return { kind: "unreachable", reason: error.message === "" ? named : error.message, advice };
}
