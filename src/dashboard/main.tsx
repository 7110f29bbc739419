// The dashboard's entry: theme, clock, stream and page.

import { render } from "preact";
import * as z from "zod/mini";
import { App } from "./app.tsx";
import { startClock } from "./clock.ts";
import { startKeys } from "./keys.ts";
import { startLive } from "./live.ts";
import { startNotices } from "./notices.ts";
import { startTheme } from "./preferences.ts";
import { route, startRouting } from "./route.ts";
import { startTeam } from "./team.ts";
import { startTitle } from "./title.ts";
import { viewOf } from "./views.ts";
import "./css/app.css";

// The page may not compile code (its CSP), and asking whether it may is reported as a violation.
z.config({ jitless: true });
startTheme();
startRouting();
startClock();
startKeys();
startNotices();
startLive();
startTeam();
startTitle(() => viewOf(route.value.view)?.title ?? "No such page");
const root = document.getElementById("app");
if (root) render(<App />, root);
