/** Whether a topic is one of those that a topic filter names [MQTT-4.7.1]; neither begins with `$`. */
export function fitsFilter(filter: string, topic: string): boolean {
  const wanted = filter.split("/");
  const levels = topic.split("/");
  for (const [index, level] of wanted.entries()) {
    if (level === "#") return true; // also its parent [MQTT-4.7.1-2]
    if (index >= levels.length || (level !== "+" && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
