/** Characters that make a spreadsheet take a text for a formula (https://owasp.org/www-community/attacks/CSV_Injection). */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * A text as a field of CSV (RFC 4180). What a spreadsheet would take for a formula gets a `'` before it, as the text
 * of a reading comes from the network; {@link plainText} takes it away again.
 */
export function textField(text: string): string {
  const safe = FORMULA.test(text) || text.startsWith("'") ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The text that {@link textField} was given. */
export function plainText(field: string): string {
  return field.startsWith("'") && (FORMULA.test(field.slice(1)) || field.startsWith("''"))
    ? field.slice(1)
    : field;
}
