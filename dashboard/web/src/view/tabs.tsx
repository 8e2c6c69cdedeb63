import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Pages beside one another. Where they are wider than the screen they scroll, and the present one is in sight. */
export function Tabs({
  label,
  tabs,
  current,
}: {
  label: string;
  /** `counted`: what waits there. */
  tabs: readonly { key: string; href: string; word: string; counted?: ComponentChildren }[];
  current: string;
}) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    const nav = place.current;
    const now = nav?.querySelector<HTMLElement>("[aria-current]");
    if (nav === null || now === null || now === undefined) return;
    // Not scrollIntoView: it would move the page as well.
    nav.scrollLeft = now.offsetLeft - (nav.clientWidth - now.offsetWidth) / 2;
  }, [current]);
  return (
    <nav ref={place} class="tabs mesh-tabs" aria-label={label}>
      {tabs.map(({ key, href, word, counted }) => (
        <a key={key} href={href} aria-current={key === current ? "page" : undefined}>
          {word}
          {counted}
        </a>
      ))}
    </nav>
  );
}
