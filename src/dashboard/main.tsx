// The dashboard's entry: theme, clock, stream and page.

import { render } from "preact";
import { App } from "./app.tsx";
import { startClock } from "./clock.ts";
import { startKeys } from "./keys.ts";
import { startLive } from "./live.ts";
import { startNotices } from "./notices.ts";
import { startTheme } from "./preferences.ts";
import { startRouting } from "./route.ts";
import "./css/app.css";

startTheme();
startRouting();
startClock();
startKeys();
startNotices();
startLive();
const root = document.getElementById("app");
if (root) render(<App />, root);
