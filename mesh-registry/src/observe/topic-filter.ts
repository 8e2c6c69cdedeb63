/** Whether a topic filter covers a topic ([MQTT-4.7.1]); neither begins with `$`. */
export function covers(filter: string, topic: string): boolean {
  const levels = topic.split("/");
  const wanted = filter.split("/");
  for (const [index, level] of wanted.entries()) {
    if (level === "#") return true; // also its parent [MQTT-4.7.1-2]
    if (index >= levels.length) return false;
    if (level !== "+" && level !== levels[index]) return false;
  }
  return wanted.length === levels.length;
}
