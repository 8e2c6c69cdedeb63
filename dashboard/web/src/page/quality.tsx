import { MEASURES, type Measure, QUALITY_WINDOWS, type QualityReport } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { measured } from "../history/measured.js";
import { findStream, nodeTitle, sensorTitle } from "../model/catalogue.js";
import {
  cellText,
  cellTone,
  isInTrouble,
  MEASURE_MEANING,
  MEASURE_WORD,
  objectiveOf,
  WINDOW_WORD,
  watchedShare,
  worstFirst,
} from "../model/quality.js";
import { durationText } from "../model/times.js";
import { promisesHref, search, setSearch } from "../router.js";
import { hello, nodes } from "../state.js";
import { Affected } from "../view/affected.js";
import { Budget } from "../view/budget.js";
import { Check, Search } from "../view/icons.js";
import { ObjectiveBadge } from "../view/objective-badge.js";
import { PageTitle } from "../view/page-title.js";
import { Table } from "../view/table.js";
import { usePolled } from "../view/use-polled.js";

const EVERY_MS = 5_000; // ms
/** Rows shown at first, and more at each press. */
const ROWS = 200;

const whole = new Intl.NumberFormat();

/** Streams by windows: what each keeps of what it promises, the worst first. */
export function QualityPage() {
  const asked = new URLSearchParams(search.value);
  const measure = MEASURES.find((one) => one === asked.get("measure")) ?? "availability";
  const words = asked.get("q") ?? "";
  const polled = usePolled("quality", (signal) => measured.reports(signal), EVERY_MS);
  const shown = useSignal(ROWS);
  const { data, problem } = polled.value;
  const fitting = worstFirst((data?.reports ?? []).filter(fits(words)), measure);
  const change = (name: string, value: string): void => {
    const next = new URLSearchParams(search.peek());
    if (value === "") next.delete(name);
    else next.set(name, value);
    const text = next.toString();
    setSearch(text === "" ? "" : `?${text}`, "replace");
    shown.value = ROWS;
  };
  return (
    <>
      <div class="page-head">
        <PageTitle title="Service levels" />
      </div>
      <search class="toolbar">
        <label class="search">
          <Search />
          <span class="visually-hidden">Search streams</span>
          <input
            id="search"
            type="search"
            placeholder="Search streams"
            value={words}
            onInput={(event) => change("q", event.currentTarget.value)}
          />
        </label>
        <fieldset class="measures">
          <legend class="visually-hidden">Measure</legend>
          {MEASURES.map((one) => (
            <button
              key={one}
              type="button"
              class="preset"
              aria-pressed={one === measure}
              onClick={() => change("measure", one === "availability" ? "" : one)}
            >
              {MEASURE_WORD[one]} <TroubleCounter reports={data?.reports ?? []} measure={one} />
            </button>
          ))}
        </fieldset>
      </search>
      {problem !== undefined && (
        <p class="notice" role="status" data-historian-problem>
          {problem}
        </p>
      )}
      <Summary reports={data?.reports ?? []} />
      <section class="card" aria-labelledby="levels">
        <h2 id="levels">
          {MEASURE_WORD[measure]} <span class="quiet levels-meaning">{MEASURE_MEANING[measure]}</span>
        </h2>
        {data === undefined ? (
          <p class="empty-line">{problem === undefined ? "Loading…" : "Nothing to show."}</p>
        ) : fitting.length === 0 ? (
          <p class="empty-line">
            {words === ""
              ? "Nothing was measured yet: the first minute is under way."
              : "No stream fits the search."}
          </p>
        ) : (
          <Levels reports={fitting.slice(0, shown.value)} measure={measure} />
        )}
        {fitting.length > shown.value && (
          <button type="button" class="button levels-more" onClick={() => (shown.value += ROWS)}>
            {whole.format(fitting.length - shown.value)} more streams
          </button>
        )}
        {data?.more === true && (
          <p class="quiet">There are more streams than can be listed: search for some.</p>
        )}
      </section>
    </>
  );
}

function fits(words: string): (report: QualityReport) => boolean {
  const all = words.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ stream }) => {
    const placed = findStream(nodes.value ?? new Map(), stream);
    const text = `${stream} ${placed === undefined ? "" : `${nodeTitle(placed.node)} ${sensorTitle(placed.sensor)}`}`;
    return all.every((word) => text.toLowerCase().includes(word));
  };
}

/** So that a promise in trouble is found while another measure is looked at. */
function TroubleCounter({ reports, measure }: { reports: readonly QualityReport[]; measure: Measure }) {
  const count = reports.filter((report) => {
    const objective = objectiveOf(report, measure);
    return objective !== undefined && isInTrouble(objective);
  }).length;
  if (count === 0) return null;
  return (
    <span class="counter counter-open" data-trouble={measure}>
      {whole.format(count)}
      <span class="visually-hidden"> in trouble</span>
    </span>
  );
}

/** How many promises are in which state. */
function Summary({ reports }: { reports: readonly QualityReport[] }) {
  if (reports.length === 0) return null;
  const states = reports.flatMap(({ objectives }) => objectives.map(({ state }) => state));
  const count = (state: string): number => states.filter((one) => one === state).length;
  const broken = count("burning") + count("exhausted");
  const parts = [
    [count("burning"), "burning"],
    [count("exhausted"), "with the budget spent"],
    [count("unknown"), "not measured enough yet"],
  ] as const;
  return (
    <p class="levels-summary" data-summary>
      <strong>
        {broken === 0 ? (
          <>
            <Check /> Every promise that was measured is kept.
          </>
        ) : (
          `${whole.format(broken)} of ${whole.format(states.length)} promises ${broken === 1 ? "is" : "are"} in trouble`
        )}
      </strong>
      <span class="quiet">
        {parts
          .filter(([number]) => number > 0)
          .map(([number, word]) => `${whole.format(number)} ${word}`)
          .join(" · ")}
      </span>
    </p>
  );
}

function Levels({ reports, measure }: { reports: readonly QualityReport[]; measure: Measure }) {
  return (
    <Table
      class="levels"
      columns={[
        { label: "Stream" },
        ...QUALITY_WINDOWS.map((window) => ({ label: WINDOW_WORD[window], number: true })),
        { label: "Error budget", class: "levels-budget" },
        { label: "Promise" },
      ]}
    >
      {reports.map((report) => (
        <Row key={report.stream} report={report} measure={measure} />
      ))}
    </Table>
  );
}

/** Stream, windows, budget, promise. */
const COLUMNS = QUALITY_WINDOWS.length + 3;

function Row({ report, measure }: { report: QualityReport; measure: Measure }) {
  const { stream } = report;
  const placed = findStream(nodes.value ?? new Map(), stream);
  const objective = objectiveOf(report, measure);
  return (
    <>
      <tr data-level={stream}>
        <th scope="row">
          <a href={promisesHref(stream)}>
            {placed === undefined ? stream : `${nodeTitle(placed.node)} / ${sensorTitle(placed.sensor)}`}
          </a>
        </th>
        {QUALITY_WINDOWS.map((window) => {
          const quality = report.windows[window];
          const tone = cellTone(quality, measure, objective, window);
          return (
            <td
              key={window}
              class={`number level level-${tone}`}
              data-tone={tone}
              data-window={WINDOW_WORD[window]}
              title={`${durationText(quality.observedMs)} watched`}
            >
              {cellText(quality, measure)}
              {quality.observedMs > 0 && watchedShare(quality, window) < 1 && (
                <span class="level-of">of {durationText(quality.observedMs)}</span>
              )}
            </td>
          );
        })}
        <td class="levels-budget">
          {objective === undefined ? (
            <span class="quiet">nothing promised</span>
          ) : (
            <Budget objective={objective} />
          )}
        </td>
        <td class="levels-state">{objective !== undefined && <ObjectiveBadge objective={objective} />}</td>
      </tr>
      {objective !== undefined && isInTrouble(objective) && hello.value?.mesh === true && (
        <tr class="levels-affected">
          <td colSpan={COLUMNS}>
            <Affected streams={[stream]} />
          </td>
        </tr>
      )}
    </>
  );
}
