import { assertive, polite } from "./announce.js";
import { AlarmsPage } from "./page/alarms.js";
import { ComparePage } from "./page/compare.js";
import { EventsPage } from "./page/events.js";
import { NodePage } from "./page/node.js";
import { Overview } from "./page/overview.js";
import { QualityPage } from "./page/quality.js";
import { SignIn } from "./page/sign-in.js";
import { StreamPage } from "./page/stream.js";
import { SystemPage } from "./page/system.js";
import { type Route, route } from "./router.js";
import { session } from "./state.js";
import { Banner } from "./view/banner.js";
import { Header } from "./view/header.js";
import { lazily } from "./view/lazily.js";
import { PageTitle } from "./view/page-title.js";
import { Shortcuts } from "./view/shortcuts.js";

/** Loaded when one of them is opened: whoever watches live readings does without them. */
const MeshPages = lazily(() => import("./page/mesh/pages.js").then(({ MeshPages }) => MeshPages));

export function App() {
  const user = session.value;
  if (user.state === "unknown") return <p class="starting">Loading…</p>;
  if (user.state === "signed-out") return <SignIn message={user.message} />;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <Banner />
      <main id="main" tabIndex={-1}>
        <Page route={route.value} />
      </main>
      <Shortcuts />
      <p class="visually-hidden" aria-live="polite">
        {polite}
      </p>
      <p class="visually-hidden" aria-live="assertive">
        {assertive}
      </p>
    </>
  );
}

function Page({ route: now }: { route: Route }) {
  switch (now.page) {
    case "overview":
      return <Overview />;
    case "stream":
      return <StreamPage key={now.stream} stream={now.stream} />;
    case "node":
      return <NodePage key={`${now.domain}/${now.node}`} domain={now.domain} node={now.node} />;
    case "alarms":
      return <AlarmsPage />;
    case "events":
      return <EventsPage />;
    case "quality":
      return <QualityPage />;
    case "compare":
      return <ComparePage />;
    case "system":
      return <SystemPage />;
    case "mesh":
      return <MeshPages place={now.place} />;
    case "unknown":
      return (
        <>
          <PageTitle title="Not found" />
          <div class="empty">
            <p>There is no page {now.path}.</p>
            <a class="button" href="/">
              Overview
            </a>
          </div>
        </>
      );
  }
}
