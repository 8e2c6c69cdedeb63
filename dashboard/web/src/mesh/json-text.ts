/** Reads JSON that was written by hand: its value, or what to say of it. */
export function readJson(text: string): { value: unknown; fault: undefined } | { fault: string } {
  try {
    return { value: JSON.parse(text), fault: undefined };
  } catch (error) {
    return { fault: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
