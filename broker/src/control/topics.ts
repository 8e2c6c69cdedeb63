/** Where commands go, and where their answers come from. */
export const COMMAND_TOPIC = "$CONTROL/dynamic-security/v1";
export const ANSWER_TOPIC = "$CONTROL/dynamic-security/v1/response";
