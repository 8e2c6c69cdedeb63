/** Absences that are remembered: those that readings may still come for. */
const MAX_ABSENCES = 64;
/** A reading may be on its way when the connection ends, and for a while the subscription is not there yet. */
const BEFORE_MS = 1_000;
const AFTER_MS = 3_000;

interface Absence {
  /** Of which broker's link; every one while the historian itself was away. */
  link: number | "all";
  from: number;
  /** `null` while it goes on. */
  to: number | null;
}

/** When the historian heard nothing: it did not run, or had no connection to a broker. */
export class Absences {
  #absences: Absence[] = [];

  add(from: number, to: number): void {
    this.#push({ link: "all", from, to });
  }

  began(link: number, at: number): void {
    if (this.#absences.some((absence) => absence.link === link && absence.to === null)) return;
    this.#push({ link, from: at, to: null });
  }

  /** @param otherwise when it began, if no beginning was told: the start of the historian */
  ended(link: number, at: number, otherwise: number): void {
    if (!this.#absences.some((absence) => absence.link === link)) this.began(link, otherwise);
    for (const absence of this.#absences) {
      if (absence.link === link && absence.to === null) absence.to = Math.max(at, absence.from);
    }
  }

  /** The absence in which something of that broker was read, if there was one. */
  at(link: number, at: number): { from: number; to: number | null } | undefined {
    return this.#absences.findLast(
      (absence) =>
        (absence.link === link || absence.link === "all") &&
        at >= absence.from - BEFORE_MS &&
        at <= (absence.to ?? Number.POSITIVE_INFINITY) + AFTER_MS,
    );
  }

  #push(absence: Absence): void {
    this.#absences = [...this.#absences, absence].slice(-MAX_ABSENCES);
  }
}
