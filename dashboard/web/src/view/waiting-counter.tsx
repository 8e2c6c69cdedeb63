import { useEffect } from "preact/hooks";
import { countWaiting, waiting } from "../mesh/waiting.js";
import { hello } from "../state.js";
import { useRead } from "./use-read.js";

/** Owners need not look every few seconds. */
const EVERY_MS = 30_000; // ms

/** How many requests for access wait for the user; nothing where none does. */
export function WaitingCounter() {
  const count = waiting.value;
  if (count === 0) return null;
  return (
    <span class="counter counter-waiting" data-waiting={count}>
      {count}
      <span class="visually-hidden">{count === 1 ? " request waits" : " requests wait"} for you</span>
    </span>
  );
}

/** The same in the navigation, where it is kept up to date. */
export function WaitingBesideMesh() {
  return hello.value?.mesh === true ? <Counted /> : null;
}

function Counted() {
  useRead("waiting", countWaiting, EVERY_MS);
  useEffect(
    () => () => {
      // Someone else may sign in next.
      waiting.value = 0;
    },
    [],
  );
  return <WaitingCounter />;
}
