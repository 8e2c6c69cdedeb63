import "@fontsource-variable/inter/wght.css";
import { render } from "preact";
import { App } from "./app.js";
import { exposeInspection } from "./inspection.js";
import { startPreferences } from "./preferences.js";
import { startRouter } from "./router.js";
import { startSeconds } from "./server-clock.js";
import { startSession } from "./session.js";
import "./style/index.css";
import { startShortcuts } from "./view/shortcuts.js";

startPreferences();
startRouter();
startShortcuts();
startSeconds();
exposeInspection();
void startSession();

const place = document.getElementById("app");
if (place !== null) render(<App />, place);
