import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

const handlers = new WeakMap<Element, (visible: boolean) => void>();
let observer: IntersectionObserver | undefined;

/** One observer for all: tiles are made ready a little before they scroll into sight. */
function shared(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const entry of entries) handlers.get(entry.target)?.(entry.isIntersecting);
    },
    { rootMargin: "240px 0px" },
  );
  return observer;
}

/** Whether the element is on screen or close to it. */
export function useVisible(ref: RefObject<Element | null>): boolean {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    handlers.set(element, setVisible);
    shared().observe(element);
    return () => {
      shared().unobserve(element);
      handlers.delete(element);
    };
  }, [ref]);
  return visible;
}
