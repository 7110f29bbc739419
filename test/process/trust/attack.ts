// What a hostile page tries, in one function that is run within the page.

export interface Target {
  /** Where the monitor is, as the page calls it: http://host:port */
  readonly url: string;
  /** An event, as JSON text, that must not get into the store. */
  readonly event: string;
}

export interface Tried {
  readonly name: string;
  /** What the page could read of the answer; undefined: nothing. */
  readonly read?: string;
}

/** Tries everything; resolves with what each try could read. Runs in the browser: it can use nothing from outside. */
export async function attack({ url, event }: Target): Promise<Tried[]> {
  const WAIT_MS = 2500;
  const tried: Promise<Tried>[] = [];
  const within = <T>(work: Promise<T>) =>
    Promise.race([work, new Promise<undefined>((wake) => setTimeout(wake, WAIT_MS))]);
  const attempt = (name: string, work: () => Promise<string | undefined>) => {
    tried.push(
      within(work()).then(
        (read) => (read === undefined ? { name } : { name, read }),
        () => ({ name }),
      ),
    );
  };
  const read = async (path: string, init: RequestInit) => {
    const answer = await fetch(url + path, init);
    if (answer.type === "opaque") return undefined;
    return answer.ok ? await answer.text() : undefined;
  };

  const paths = ["/", "/health", "/metrics", "/api/events", "/api/sessions", "/api/stats", "/api/sessions/s"];
  for (const path of [...paths, "/socket.io/?EIO=4&transport=polling"])
    for (const mode of ["cors", "no-cors", "same-origin"] as const)
      for (const credentials of ["include", "omit"] as const)
        attempt(`fetch ${mode} ${credentials} ${path}`, () => read(path, { mode, credentials }));
  attempt("fetch with a guessed token", () => read("/api/events", { headers: { authorization: "Bearer guess" } }));
  attempt("XMLHttpRequest", async () => {
    const request = new XMLHttpRequest();
    request.withCredentials = true;
    request.open("GET", `${url}/api/events`);
    const ended = new Promise((wake) => request.addEventListener("loadend", wake));
    request.send();
    await ended;
    return request.status === 200 ? request.responseText : undefined;
  });
  attempt("EventSource", () => {
    const source = new EventSource(`${url}/api/events`, { withCredentials: true });
    return new Promise((resolve) => {
      source.onmessage = ({ data }) => resolve(data);
      source.onerror = () => resolve(undefined);
    });
  });

  const credentials = "include" as const;
  for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"])
    for (const mode of ["cors", "no-cors"] as const)
      attempt(`POST ${mode} ${type}`, () =>
        read("/api/events", { method: "POST", mode, credentials, body: event, headers: { "content-type": type } }),
      );
  attempt("POST without a type", () =>
    read("/api/events", { method: "POST", mode: "no-cors", credentials, body: new Blob([event]) }),
  );
  attempt("a beacon", async () => void navigator.sendBeacon(`${url}/api/events`, event));
  attempt("a beacon of JSON", async () => {
    navigator.sendBeacon(`${url}/api/events`, new Blob([event], { type: "application/json" }));
    return undefined;
  });
  attempt("a code for a login", () => read("/api/login-code", { method: "POST", mode: "no-cors", credentials }));
  for (const enctype of ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"])
    attempt(`a form of ${enctype}`, async () => {
      const frame = document.createElement("iframe");
      frame.name = `form-${enctype}`;
      document.body.append(frame);
      const form = document.createElement("form");
      Object.assign(form, { method: "POST", action: `${url}/api/events`, enctype, target: frame.name });
      const field = document.createElement("input");
      // As text/plain this is one line, name=value: JSON, if the name opens a string that the value closes.
      field.name = `${event.slice(0, -1)},"x":"`;
      field.value = '"}';
      form.append(field);
      document.body.append(form);
      const loaded = new Promise((wake) => frame.addEventListener("load", wake, { once: true }));
      form.submit();
      await loaded;
      return frame.contentDocument?.body.textContent || undefined;
    });

  const socket = (namespace: string) =>
    attempt(`WebSocket ${namespace}`, () => {
      const link = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
      return new Promise((resolve) => {
        let heard = "";
        link.onmessage = ({ data }) => {
          heard += data;
          if (String(data).startsWith("0")) link.send(`40${namespace}{}`);
          if (String(data).startsWith("40")) {
            link.send(`42${namespace}0["claude_event",${event}]`);
            link.send(`42${namespace}1["subscribe",{"after":0}]`);
          }
          if (/^4[34]/.test(String(data))) resolve(heard);
        };
        link.onclose = () => resolve(heard || undefined);
      });
    });
  socket("");
  socket("/live,");
  attempt("polling, blind", () =>
    read("/socket.io/?EIO=4&transport=polling&sid=guess", {
      method: "POST",
      mode: "no-cors",
      credentials,
      body: `42["claude_event",${event}]`,
    }),
  );

  for (const [tag, attribute] of [
    ["script", "src"],
    ["img", "src"],
    ["link", "href"],
    ["video", "src"],
    ["object", "data"],
    ["embed", "src"],
  ] as const)
    for (const path of ["/api/events", "/app.js", "/app.css"])
      attempt(`<${tag}> ${path}`, () => {
        const element = document.createElement(tag);
        if (tag === "link") element.setAttribute("rel", "stylesheet");
        element.setAttribute(attribute, url + path);
        return new Promise((resolve) => {
          // An object or embed is "loaded" with the browser's own error page, too.
          element.onload = () => resolve(tag === "object" || tag === "embed" ? undefined : "loaded");
          element.onerror = () => resolve(undefined);
          document.body.append(element);
        });
      });
  attempt("a frame", async () => {
    const frame = document.createElement("iframe");
    frame.src = `${url}/`;
    const loaded = new Promise((wake) => frame.addEventListener("load", wake, { once: true }));
    document.body.append(frame);
    await loaded;
    return frame.contentDocument?.body.textContent || undefined;
  });
  attempt("a window", async () => {
    const opened = window.open(`${url}/api/events`);
    await new Promise((wake) => setTimeout(wake, WAIT_MS / 2));
    return opened?.document.body?.textContent || undefined;
  });
  attempt("document.cookie", async () => document.cookie || undefined);
  return Promise.all(tried);
}
