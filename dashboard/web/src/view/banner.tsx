import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { durationText, timeText } from "../model/times.js";
import { link } from "../session.js";
import { connection } from "../state.js";
import { Plug } from "./icons.js";

/** Comes while the connection is lost, and goes. Times are this machine's: the server's are out of reach. */
export function Banner() {
  const lost = connection.value;
  return (
    <div role="alert" class="banner-place">
      {lost.state === "lost" && <LostBanner since={lost.since} retryAt={lost.retryAt} />}
    </div>
  );
}

function LostBanner({ since, retryAt }: { since: number; retryAt: number | undefined }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 500); // ms
    return () => clearInterval(timer);
  }, [now]);
  const waitMs = (retryAt ?? 0) - now.value;
  return (
    <div class="banner" data-banner>
      <p>
        <Plug /> <strong>Connection to the dashboard lost</strong> at {timeText(since, now.value)}. What is
        shown below is from before.{" "}
        {/* Counted down for the eye only: an alert that changes twice a second would be read twice a second. */}
        <span aria-hidden="true">
          {waitMs > 0 ? `Next attempt in ${durationText(Math.ceil(waitMs / 1000) * 1000)}.` : "Connecting…"}
        </span>
      </p>
      <button type="button" class="button" onClick={() => link.retry()}>
        Try now
      </button>
    </div>
  );
}
