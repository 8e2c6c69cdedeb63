import type { ComponentChildren } from "preact";

function icon(children: ComponentChildren) {
  return function Icon() {
    return (
      <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
        {children}
      </svg>
    );
  };
}

const stroke = {
  fill: "none",
  stroke: "currentColor",
  "stroke-width": "1.6",
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
} as const;

export const Check = icon(<path {...stroke} d="M3 8.5 6.5 12 13 4.5" />);
export const Cross = icon(<path {...stroke} d="m4 4 8 8m0-8-8 8" />);
export const Critical = icon(
  <>
    <path {...stroke} d="M5.3 1.8h5.4l3.5 3.5v5.4l-3.5 3.5H5.3l-3.5-3.5V5.3z" />
    <path {...stroke} d="M8 4.8v4m0 2.4v.01" />
  </>,
);
export const Warning = icon(
  <>
    <path {...stroke} d="M8 2 14.5 13.5h-13z" />
    <path {...stroke} d="M8 6.4v3.2m0 1.9v.01" />
  </>,
);
export const Info = icon(
  <>
    <circle {...stroke} cx="8" cy="8" r="6.2" />
    <path {...stroke} d="M8 7.4v3.6M8 5v.01" />
  </>,
);
export const Online = icon(<circle cx="8" cy="8" r="4" fill="currentColor" />);
export const Silent = icon(
  <>
    <circle {...stroke} cx="8" cy="8" r="4.6" />
    <path d="M8 3.4a4.6 4.6 0 0 1 0 9.2z" fill="currentColor" />
  </>,
);
export const Offline = icon(
  <>
    <circle {...stroke} cx="8" cy="8" r="4.6" />
    <path {...stroke} d="m3.5 12.5 9-9" />
  </>,
);
export const Clock = icon(
  <>
    <circle {...stroke} cx="8" cy="8" r="6" />
    <path {...stroke} d="M8 4.8V8l2.2 1.6" />
  </>,
);
export const Pause = icon(<path {...stroke} d="M5.5 3.5v9m5-9v9" />);
export const Play = icon(<path d="M5 3.2v9.6L12.6 8z" fill="currentColor" />);
export const Search = icon(
  <>
    <circle {...stroke} cx="7" cy="7" r="4.4" />
    <path {...stroke} d="m10.4 10.4 3.2 3.2" />
  </>,
);
export const Sun = icon(
  <>
    <circle {...stroke} cx="8" cy="8" r="3" />
    <path
      {...stroke}
      d="M8 1.5v1.2m0 10.6v1.2M1.5 8h1.2m10.6 0h1.2M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9m-7.4 7.4-.9.9"
    />
  </>,
);
export const Contrast = icon(
  <>
    <circle {...stroke} cx="8" cy="8" r="5.6" />
    <path d="M8 2.4a5.6 5.6 0 0 1 0 11.2z" fill="currentColor" />
  </>,
);
export const Moon = icon(<path {...stroke} d="M13.2 9.6A5.7 5.7 0 0 1 6.4 2.8a5.7 5.7 0 1 0 6.8 6.8z" />);
export const System = icon(
  <>
    <rect {...stroke} x="2" y="2.5" width="12" height="8.4" rx="1.4" />
    <path {...stroke} d="M5.5 13.6h5M8 11v2.6" />
  </>,
);
export const Bell = icon(
  <>
    <path {...stroke} d="M3.4 11.2c1-1 1.2-2 1.2-4a3.4 3.4 0 0 1 6.8 0c0 2 .2 3 1.2 4z" />
    <path {...stroke} d="M6.7 13.4a1.4 1.4 0 0 0 2.6 0" />
  </>,
);
export const Grid = icon(
  <>
    <rect {...stroke} x="2" y="2" width="5" height="5" rx="1.2" />
    <rect {...stroke} x="9" y="2" width="5" height="5" rx="1.2" />
    <rect {...stroke} x="2" y="9" width="5" height="5" rx="1.2" />
    <rect {...stroke} x="9" y="9" width="5" height="5" rx="1.2" />
  </>,
);
export const Chevron = icon(<path {...stroke} d="m6 3.5 4.5 4.5L6 12.5" />);
export const Sooner = icon(<path {...stroke} d="M10 3.5 5.5 8l4.5 4.5" />);
export const Plus = icon(<path {...stroke} d="M8 3.5v9M3.5 8h9" />);
export const Minus = icon(<path {...stroke} d="M3.5 8h9" />);
export const Calendar = icon(
  <>
    <rect {...stroke} x="2" y="3" width="12" height="11" rx="1.6" />
    <path {...stroke} d="M2 6.6h12M5.2 1.6v2.6m5.6-2.6v2.6" />
  </>,
);
export const Lines = icon(
  <>
    <path {...stroke} d="m1.8 11 3.6-5 3.4 3.4L14.2 3" />
    <path {...stroke} d="m1.8 14 4-2.4 4 1 4.4-3.4" />
  </>,
);
export const List = icon(
  <>
    <path {...stroke} d="M6.5 3.6h7.3M6.5 8h7.3M6.5 12.4h7.3" />
    <path {...stroke} d="M2.6 3.6v.01M2.6 8v.01m0 4.39v.01" stroke-width="2.2" />
  </>,
);
export const Gauge = icon(
  <>
    <path {...stroke} d="M3.2 12.6a6.2 6.2 0 1 1 9.6 0" />
    <path {...stroke} d="m8 9.2 2.9-3.3" />
  </>,
);
export const Download = icon(<path {...stroke} d="M8 2v8m0 0 3.2-3.2M8 10 4.8 6.8M2.8 13.6h10.4" />);
export const Flask = icon(
  <path
    {...stroke}
    d="M6 2h4M6.7 2v4L3 12.2A1.3 1.3 0 0 0 4.1 14h7.8a1.3 1.3 0 0 0 1.1-1.8L9.3 6V2M5 9.5h6"
  />,
);
export const Plug = icon(<path {...stroke} d="M6 2v3m4-3v3M4.2 5h7.6v2.4a3.8 3.8 0 0 1-7.6 0zM8 11.2V14" />);

/** A box: a data product. */
export const Product = icon(
  <>
    <path {...stroke} d="M8 1.8 13.8 4.8v6.4L8 14.2l-5.8-3V4.8z" />
    <path {...stroke} d="M2.4 4.9 8 7.8l5.6-2.9M8 7.8V14" />
  </>,
);
export const Lock = icon(
  <>
    <rect {...stroke} x="3" y="7" width="10" height="7" rx="1.6" />
    <path {...stroke} d="M5 7V5a3 3 0 0 1 6 0v2" />
  </>,
);
export const Globe = icon(
  <>
    <circle {...stroke} cx="8" cy="8" r="6.2" />
    <path {...stroke} d="M1.8 8h12.4M8 1.8c4 4 4 8.4 0 12.4-4-4-4-8.4 0-12.4z" />
  </>,
);
export const Question = icon(
  <>
    <circle {...stroke} cx="8" cy="8" r="6.2" />
    <path {...stroke} d="M6.2 6.3a1.9 1.9 0 1 1 2.6 1.9c-.6.3-.8.6-.8 1.2M8 11.2v.01" />
  </>,
);

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" class="logo-ground" />
      <path
        d="M6 20.5 11 13l5 6 5-9 5 7"
        fill="none"
        class="logo-line"
        stroke-width="2.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
      <circle cx="21" cy="10" r="2.6" class="logo-dot" />
    </svg>
  );
}
