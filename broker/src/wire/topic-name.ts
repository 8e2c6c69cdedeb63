/** Why a topic name may not be published to [MQTT-3.3.2-2, 4.7.3-1, 4.7.3-2], or null when it may. */
export function topicNameFault(topic: string): string | null {
  if (topic === "") return "the topic is empty";
  for (let i = 0; i < topic.length; i++) {
    const char = topic.charCodeAt(i);
    if (char === 35 || char === 43) return "the topic holds a wildcard"; // # +
    if (char === 0) return "the topic holds U+0000";
  }
  return null;
}

/** How many levels a topic or filter has. */
export function levelCount(topic: string): number {
  let levels = 1;
  for (let i = 0; i < topic.length; i++) if (topic.charCodeAt(i) === 47) levels += 1; // "/"
  return levels;
}
