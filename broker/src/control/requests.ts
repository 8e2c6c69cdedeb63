import { setImmediate } from "node:timers/promises";
import { MAX_ANSWER_BYTES, MAX_COMMANDS } from "./bounds.js";
import { CommandError } from "./command-error.js";
import { COMMANDS } from "./commands.js";
import type { Directory } from "./directory.js";
import { type Fields, isFields } from "./fields.js";

/** One command's answer, as the plugin gives it. */
interface Answer {
  command: string;
  error?: string;
  data?: Fields;
  correlationData?: string;
}

/** What became of one message with commands. */
export interface Executed {
  answers: Answer[];
  /** The names of those that changed what is kept. */
  changed: string[];
  /** What those said that should have, and were not carried out; nothing found is no news. */
  failed: string[];
}

/** Commands that are carried out before messages of clients are looked at again. */
const AT_A_TIME = 32;
const UNKNOWN = "Unknown command";

/** Carries out the commands of one message, in their order; one that fails does not stop the next. It never rejects. */
export async function execute(
  directory: Directory,
  text: string,
  onFault: (error: unknown) => void,
): Promise<Executed> {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return refused("Payload not valid JSON");
  }
  const commands = isFields(request) ? request["commands"] : undefined;
  if (!Array.isArray(commands)) return refused("Invalid/missing commands");
  if (commands.length > MAX_COMMANDS)
    return refused(`Too many commands: at most ${MAX_COMMANDS} in a message`);
  const executed: Executed = { answers: [], changed: [], failed: [] };
  for (const [index, command] of (commands as unknown[]).entries()) {
    if (index % AT_A_TIME === AT_A_TIME - 1) await setImmediate(); // others want their turn too
    await executeOne(directory, command, executed, onFault);
  }
  return executed;
}

/** The answer to a message whose commands were not looked at. */
export function refused(error: string): Executed {
  return { answers: [{ command: UNKNOWN, error }], changed: [], failed: [error] };
}

async function executeOne(
  directory: Directory,
  fields: unknown,
  { answers, changed, failed }: Executed,
  onFault: (error: unknown) => void,
): Promise<void> {
  if (!isFields(fields)) {
    answers.push({ command: UNKNOWN, error: "Command not an object" });
    return;
  }
  const { command: name, correlationData } = {
    command: fields["command"],
    correlationData: fields["correlationData"],
  };
  if (typeof name !== "string") {
    answers.push({ command: UNKNOWN, error: "Missing command" });
    return;
  }
  const answer: Answer = { command: name };
  answers.push(answer);
  try {
    if (correlationData !== undefined && typeof correlationData !== "string")
      throw new CommandError("Invalid correlationData data type.");
    if (correlationData !== undefined) answer.correlationData = correlationData;
    const command = COMMANDS.get(name);
    if (command === undefined) throw new CommandError(UNKNOWN);
    const data = await command.run(directory, fields);
    if (data !== undefined) answer.data = data;
    if (command.changes) changed.push(name);
  } catch (error) {
    answer.error = error instanceof CommandError ? error.message : "Internal error";
    if (COMMANDS.get(name)?.changes !== false) failed.push(`${name}: ${answer.error}`);
    if (!(error instanceof CommandError)) onFault(error);
  }
}

/** As it goes to the client. Data that would make it too long is left out: it may be longer than a client takes. */
export function answerText(answers: readonly Answer[]): string {
  const text = JSON.stringify({ responses: answers });
  if (Buffer.byteLength(text) <= MAX_ANSWER_BYTES) return text;
  const short = answers.map(({ data, ...answer }) =>
    data === undefined
      ? answer
      : { ...answer, error: "Answer too long: ask with count and offset, or for fewer at a time" },
  );
  return JSON.stringify({ responses: short });
}
