import { theme } from "../preferences.js";
import { type Route, route } from "../router.js";
import { signOut } from "../session.js";
import { book, connection, hello, session, unacknowledged } from "../state.js";
import { useAction } from "./action.js";
import {
  Bell,
  Check,
  Clock,
  Contrast,
  Gauge,
  Grid,
  Lines,
  List,
  Logo,
  Moon,
  Plug,
  Product,
  Sun,
  System,
} from "./icons.js";
import { nextTheme, shortcutsOpen } from "./shortcuts.js";
import { WaitingBesideMesh } from "./waiting-counter.js";

export function Header() {
  return (
    <header class="top">
      <a class="brand" href="/" aria-label="Fieldmesh, overview">
        <Logo /> <span>Fieldmesh</span>
      </a>
      <Navigation />
      <div class="top-end">
        <ConnectionPill />
        <ThemeButton />
        <button
          type="button"
          class="button button-icon top-shortcuts"
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts"
          onClick={() => (shortcutsOpen.value = true)}
        >
          <kbd>?</kbd>
        </button>
        <User />
      </div>
    </header>
  );
}

function Navigation() {
  const now = route.value.page;
  const current = (page: Route["page"]) => (now === page ? "page" : undefined);
  return (
    <nav class="nav" aria-label="Pages">
      <a href="/" aria-current={current("overview")}>
        <Grid /> Overview
      </a>
      <a href="/alarms" class={now === "events" ? "nav-near" : undefined} aria-current={current("alarms")}>
        <Bell /> Alarms <AlarmCounter />
      </a>
      <a class="wide-only" href="/events" aria-current={current("events")}>
        <List /> Events
      </a>
      <a href="/quality" aria-current={current("quality")}>
        <Gauge /> <span class="nav-long">Service levels</span>
        <span class="nav-short">Levels</span>
      </a>
      <a href="/compare" aria-current={current("compare")}>
        <Lines /> Compare
      </a>
      <a href="/mesh" aria-current={current("mesh")}>
        <Product /> <span class="nav-long">Data products</span>
        <span class="nav-short">Mesh</span> <WaitingBesideMesh />
      </a>
      <a href="/system" aria-current={current("system")}>
        <System /> System
      </a>
    </nav>
  );
}

function AlarmCounter() {
  const standing = book.value.standing.size;
  const open = unacknowledged.value;
  if (standing === 0) return null;
  return (
    <span class={`counter ${open > 0 ? "counter-open" : ""}`} data-alarm-counter>
      {open > 0 ? open : standing}
      <span class="visually-hidden">{` ${open > 0 ? "unacknowledged" : "standing"}, ${standing} standing in all`}</span>
    </span>
  );
}

function ConnectionPill() {
  const { state } = connection.value;
  const away = (hello.value?.brokers ?? []).filter((broker) => !broker.connected).length;
  if (state === "lost") {
    return (
      <span class="pill pill-critical" title="Connection to the dashboard lost">
        <Plug /> <span class="pill-text">Not connected</span>
      </span>
    );
  }
  if (state === "connecting") {
    return (
      <span class="pill">
        <Clock /> <span class="pill-text">Connecting</span>
      </span>
    );
  }
  if (away > 0) {
    return (
      <a class="pill pill-warning" href="/system" title="The server has no connection to a broker">
        <Plug /> <span class="pill-text">Broker away</span>
      </a>
    );
  }
  return (
    <span class="pill pill-ok" title="Connected to the dashboard and its broker">
      <Check /> <span class="pill-text">Live</span>
    </span>
  );
}

function ThemeButton() {
  const now = theme.value;
  const word = { system: "as the system", dark: "dark", light: "light" }[now];
  return (
    <button
      type="button"
      class="button button-icon"
      aria-label={`Theme: ${word}. Change`}
      title={`Theme: ${word}`}
      onClick={nextTheme}
    >
      {now === "system" ? <Contrast /> : now === "dark" ? <Moon /> : <Sun />}
    </button>
  );
}

function User() {
  const action = useAction();
  const user = session.value;
  if (user.state !== "signed-in" || !user.required) return null;
  return (
    <div class="user">
      <span class="user-name wide-only" title={`Signed in as ${user.name} (${user.role})`}>
        {user.name}
      </span>
      <button
        type="button"
        class="button button-plain"
        title={`Signed in as ${user.name} (${user.role})`}
        disabled={action.busy}
        onClick={() =>
          void action.run(async () => {
            await signOut();
            return "Signed out.";
          })
        }
      >
        Sign out
      </button>
    </div>
  );
}
