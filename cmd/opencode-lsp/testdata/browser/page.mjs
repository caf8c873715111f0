// A browser whose user has logged in to the server once, and pages of other origins that try to use that. The task comes in
// the variable TASK; what came of it is printed as JSON.
import { createRequire } from "node:module";

const task = JSON.parse(process.env.TASK);
const { chromium } = createRequire(import.meta.url)(task.playwright);

// attacks runs in the page; each tells what it got. "none" is what it should be.
async function attacks(target) {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const out = {};
  const read = async (name, request) => {
    try {
      const res = await request;
      out[name] = res.type === "opaque" ? "opaque" : `read ${res.status} ${(await res.text()).slice(0, 80)}`;
    } catch {
      out[name] = "none";
    }
  };
  const include = { credentials: "include" };
  const body = JSON.stringify({ title: "made by a page" });
  await read("fetch", fetch(target + "/session", include));
  await read("fetch no-cors", fetch(target + "/session", { ...include, mode: "no-cors" }));
  await read("post text", fetch(target + "/session", { ...include, method: "POST", mode: "no-cors", body }));
  await read("post json", fetch(target + "/session", { ...include, method: "POST", headers: { "Content-Type": "application/json" }, body }));
  await read("post nothing", fetch(target + "/session", { ...include, method: "POST", mode: "no-cors" }));
  await read("own password", fetch(target + "/session", { headers: { Authorization: "Basic b3BlbmNvZGU6d3Jvbmc=" } }));
  await read("keepalive", fetch(target + "/session", { ...include, method: "POST", mode: "no-cors", keepalive: true, body }));
  out.beacon = navigator.sendBeacon(target + "/session", body) ? "opaque" : "none";

  const element = (name, tag, set) =>
    new Promise((done) => {
      const e = document.createElement(tag);
      const end = (what) => ((out[name] = what), done());
      e.onload = () => end("loaded");
      e.onerror = () => end("none");
      set(e);
      document.body.append(e);
      setTimeout(() => name in out || end("none"), 2000);
    });
  await element("img", "img", (e) => (e.src = target + "/session?img"));
  await element("script", "script", (e) => (e.src = target + "/session?script"));
  await element("style", "link", (e) => ((e.rel = "stylesheet"), (e.href = target + "/session?style")));
  await element("video", "video", (e) => ((e.src = target + "/session?video"), (e.onloadeddata = e.onload)));
  await element("crossorigin img", "img", (e) => ((e.crossOrigin = "use-credentials"), (e.src = target + "/session?cimg")));

  // Frames fire load whatever they show: the statuses tell.
  const frame = (name) => {
    const f = document.createElement("iframe");
    f.name = name;
    document.body.append(f);
    return f;
  };
  frame("framed").src = target + "/session?frame";
  for (const [i, [method, kind]] of [["POST", "text/plain"], ["POST", "application/x-www-form-urlencoded"], ["POST", "multipart/form-data"], ["GET", ""]].entries()) {
    const name = "form" + i;
    frame(name);
    const form = document.createElement("form");
    Object.assign(form, { action: target + "/session", method, target: name });
    if (kind) form.enctype = kind;
    const input = document.createElement("input");
    Object.assign(input, { name: '{"title":"by a form","x":"', value: '"}' });
    form.append(input);
    document.body.append(form);
    form.submit();
  }
  const boxed = frame("boxed");
  boxed.sandbox = "allow-scripts";
  boxed.srcdoc = `<script>fetch(${JSON.stringify(target + "/session")}, {method: "POST", mode: "no-cors", credentials: "include", body: "{}"})</script>`;

  out.events = await new Promise((done) => {
    const events = new EventSource(target + "/event", { withCredentials: true });
    events.onopen = () => done("open");
    events.onmessage = () => done("read");
    events.onerror = () => (events.close(), done("none"));
  });
  out.socket = await new Promise((done) => {
    const socket = new WebSocket(target.replace("http", "ws") + "/event");
    socket.onopen = () => done("open");
    socket.onclose = socket.onerror = () => done("none");
  });
  const worker = new Worker(
    URL.createObjectURL(new Blob([`fetch(${JSON.stringify(target + "/session")}, {credentials: "include"}).then((r) => r.text()).then((t) => postMessage("read " + t), () => postMessage("none"))`])),
  );
  out.worker = await Promise.race([new Promise((done) => (worker.onmessage = (m) => done(m.data))), wait(2000).then(() => "none")]);
  await wait(500);
  return out;
}

// play logs in to a server and attacks it from a page. Besides what the browser remembers by itself, which newer ones keep
// apart for each site, every challenge of the server is answered with the password.
async function play(browser, from, server) {
  const origin = `http://${server.host}:${server.port}`;
  const context = await browser.newContext({ httpCredentials: { username: "opencode", password: server.password, origin } });
  const page = await context.newPage();
  await page.goto(`http://opencode:${encodeURIComponent(server.password)}@${server.host}:${server.port}/global/health`);
  const again = await page.goto(`${origin}/session?mine`);
  await page.goto(from);
  const outcomes = await page.evaluate(attacks, origin);
  const popup = context.waitForEvent("page");
  await page.evaluate((url) => void window.open(url), `${origin}/session?popup`);
  const opened = await popup;
  await opened.waitForLoadState().catch(() => {});
  outcomes.popup = (await opened.evaluate(() => document.body.innerText).catch(() => "")).slice(0, 200);
  await context.close();
  return { from, remembered: again.status(), outcomes };
}

// rebind opens the server under a name of somebody else that leads to its address.
async function rebind(browser, server) {
  const page = await (await browser.newContext({ httpCredentials: { username: "opencode", password: server.password } })).newPage();
  const first = await page.goto(`http://rebound.test:${server.port}/session`);
  return first.status();
}

const browser = await chromium.launch({
  executablePath: task.chromium,
  args: [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--host-resolver-rules=MAP evil.test 127.0.0.1, MAP rebound.test 127.0.0.1",
    // Browsers that keep one memory of passwords for all sites are the ones to be afraid of.
    "--disable-features=SplitAuthCacheByNetworkIsolationKey,LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
  ],
});
try {
  const result = { ours: [], control: [], rebound: await rebind(browser, task.ours) };
  for (const from of task.evil) {
    result.ours.push(await play(browser, from, task.ours));
    result.control.push(await play(browser, from, task.control));
  }
  result.version = browser.version();
  console.log(JSON.stringify(result));
} finally {
  await browser.close();
}
