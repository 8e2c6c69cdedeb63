import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: "dist/app",
    emptyOutDir: true,
    target: "es2023",
    // These know light-dark(), which the theme is written with.
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    // Nothing may become a data: address or an inline script: the Content-Security-Policy allows neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
