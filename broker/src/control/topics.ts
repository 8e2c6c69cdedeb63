import { filterMatches } from "../access/topic-filter.js";

/** Where commands go, and where their answers come from. */
export const COMMAND_TOPIC = "$CONTROL/dynamic-security/v1";
export const ANSWER_TOPIC = "$CONTROL/dynamic-security/v1/response";

const ANSWER_LEVELS = ANSWER_TOPIC.split("/");

/** Whether a filter asks for answers; `#` does not [MQTT-4.7.2-1]. */
export function reachesAnswers(filter: string): boolean {
  return filter.startsWith("$CONTROL/") && filterMatches(filter.split("/"), ANSWER_LEVELS);
}
