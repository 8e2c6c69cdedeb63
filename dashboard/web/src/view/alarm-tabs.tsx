import { route } from "../router.js";

const TABS = [
  { page: "alarms", href: "/alarms", word: "Alarms" },
  { page: "events", href: "/events", word: "All events" },
] as const;

/** What stands and what was, and everything that ever was: two pages of one thing. */
export function AlarmTabs() {
  return (
    <nav class="tabs" aria-label="Alarms and events">
      {TABS.map(({ page, href, word }) => (
        <a key={page} href={href} aria-current={route.value.page === page ? "page" : undefined}>
          {word}
        </a>
      ))}
    </nav>
  );
}
