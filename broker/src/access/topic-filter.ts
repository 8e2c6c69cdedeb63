/**
 * Whether a topic filter matches a topic [MQTT-4.7.1, MQTT-4.7.2]: `+` is one level, `#` the parent and all
 * below it; a wildcard at the first level does not match a topic that begins with `$`.
 */
export function filterMatches(filter: readonly string[], topic: readonly string[]): boolean {
  if (isWildcard(filter[0]) && topic[0]?.startsWith("$")) return false;
  for (let i = 0; i < filter.length; i++) {
    if (filter[i] === "#") return true;
    if (i >= topic.length) return false;
    if (filter[i] !== "+" && filter[i] !== topic[i]) return false;
  }
  return filter.length === topic.length;
}

/** Whether there is a topic that both filters match. */
export function filtersOverlap(a: readonly string[], b: readonly string[]): boolean {
  if (isWildcard(a[0]) && b[0]?.startsWith("$")) return false;
  if (isWildcard(b[0]) && a[0]?.startsWith("$")) return false;
  for (let i = 0; ; i++) {
    const x = a[i];
    const y = b[i];
    // `#` also matches its parent level, so it may stand one past the other's end.
    if (x === "#" || y === "#") return true;
    if (x === undefined || y === undefined) return x === y;
    if (x !== "+" && y !== "+" && x !== y) return false;
  }
}

/** Why a topic filter is ill-formed [MQTT-4.7.1-1, 4.7.1-2, 4.7.1-3, 4.7.3-1, 4.7.3-2], or null when it is well-formed. */
export function filterFault(filter: string): string | null {
  if (filter === "") return "is empty";
  if (filter.includes("\0")) return "holds a NUL";
  const levels = filter.split("/");
  for (const [i, level] of levels.entries()) {
    if (level.includes("#") && (level !== "#" || i !== levels.length - 1)) {
      return 'has "#" elsewhere than alone on the last level';
    }
    if (level.includes("+") && level !== "+") return 'has "+" beside other characters of its level';
  }
  return null;
}

function isWildcard(level: string | undefined): boolean {
  return level === "+" || level === "#";
}

/** Whether every topic that the narrow filter matches is matched by the wide one. */
export function filterCovers(wide: readonly string[], narrow: readonly string[]): boolean {
  if (isWildcard(wide[0]) && narrow[0]?.startsWith("$")) return false;
  for (let i = 0; ; i++) {
    const x = wide[i];
    const y = narrow[i];
    // `#` also matches its parent level, so it may stand one past the other's end.
    if (x === "#") return true;
    if (x === undefined || y === undefined) return x === y;
    if (y === "#" || (x !== "+" && x !== y)) return false;
  }
}
