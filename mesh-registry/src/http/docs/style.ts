/** Of the API's page; both colour schemes, from 390 pixels on. */
export const DOCS_STYLE = `:root {
  color-scheme: light dark;
  --line: light-dark(#d5d9e0, #3a4150);
  --soft: light-dark(#f4f6f9, #1b2029);
}
body { margin: 0 auto; max-width: 70rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 small { font-weight: normal; opacity: 0.7; }
h3 { margin: 1rem 0 0.25rem; font-size: 1rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
details { margin: 0.25rem 0; border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.4rem 0.75rem; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4rem; }
.get { color: light-dark(#0b5cad, #7cb8ff); }
.post { color: light-dark(#1a7f37, #6fdc8c); }
.put, .patch { color: light-dark(#8a5a00, #f2c14e); }
.delete { color: light-dark(#b42318, #ff8f87); }
pre, table { display: block; overflow-x: auto; }
pre { background: var(--soft); padding: 0.75rem; border-radius: 0.4rem; }
th, td { padding: 0.2rem 0.75rem 0.2rem 0; text-align: start; vertical-align: top; }
dt { float: inline-start; width: 3rem; font-weight: bold; }
dd { margin-inline-start: 3.5rem; }
form { display: flex; flex-wrap: wrap; align-items: end; gap: 0.5rem; }
label { display: grid; font-size: 0.9rem; }
input, button { font: inherit; padding: 0.25rem 0.5rem; }
`;
