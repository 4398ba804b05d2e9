// Walks through the pages as their readers do. Each step is a promise; the first that does not hold ends the run.
import { strict as assert } from "node:assert";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const { BASE, KEY, CHROMIUM, MODULES, PICTURES } = process.env;
const require = createRequire(join(MODULES, "x.js"));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(join(MODULES, "axe-core", "axe.min.js"), "utf8");
const BRAND = "/accounts/17841400000000001";

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "id-ID", colorScheme: "light" });
const complaints = [];
const strangers = [];
const page = await context.newPage();
page.setDefaultTimeout(8000);
page.on("console", (message) => {
  if (["error", "warning"].includes(message.type())) complaints.push(`${message.text()} (${page.url()})`);
});
page.on("pageerror", (error) => complaints.push(String(error)));
page.on("dialog", (dialog) => {
  complaints.push(`a dialog: ${dialog.message()}`);
  dialog.dismiss();
});
page.on("request", (request) => {
  if (!request.url().startsWith(BASE)) strangers.push(request.url());
});

const go = (path) => page.goto(BASE + path, { waitUntil: "load" });
const text = (selector) => page.locator(selector).first().innerText();
const step = async (name, deed) => {
  const began = Date.now();
  try {
    await deed();
  } catch (error) {
    await page.screenshot({ path: join(PICTURES, "failed.png"), fullPage: true });
    console.error(`FAILED ${name}\n${error.stack}\n${complaints.join("\n")}`);
    process.exit(1);
  }
  console.log(`${String(Date.now() - began).padStart(5)} ms  ${name}`);
};
const axe = async (where) => {
  // The policy forbids inline scripts, so the check is run by the debugger, which no policy binds.
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map((of) => `${of.id}: ${of.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + " " + (node.any[0]?.message ?? "")).join(" | ")}`);
  assert.deepEqual(told, [], `axe on ${where}`);
};

await step("whoever is not signed in is asked to, and comes back to where they wanted to go", async () => {
  await go(`${BRAND}?lang=id&range=28`);
  assert.match(page.url(), /\/login\?next=/);
  await axe("login");
  await page.fill("#key", "cbk_0000000000000000_" + "0".repeat(64));
  await page.click("main button[type=submit]");
  assert.match(await text("[role=alert]"), /tidak dikenal/);
  // The refusal is a 401, which browsers note in the console.
  assert.equal(complaints.length, 1);
  complaints.length = 0;
  await page.fill("#key", KEY);
  await page.click("main button[type=submit]");
  await page.waitForURL(/\/accounts\/17841400000000001/);
  assert.match(page.url(), /range=28/);
});

await step("scripts cannot read the session's cookie", async () => {
  assert.doesNotMatch(await page.evaluate(() => document.cookie), /cekbrand_session/);
  const cookie = (await context.cookies()).find((of) => of.name === "cekbrand_session");
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
});

await step("the portfolio has a row for each account, the one in trouble first", async () => {
  await go("/?lang=id");
  const rows = page.locator(".portfolio tbody tr");
  assert.equal(await rows.count(), 2);
  assert.match(await rows.nth(0).innerText(), /@rotipagi[\s\S]*Token mati/);
  assert.match(await rows.nth(1).innerText(), /@kopisenja[\s\S]*Token habis 3 hari lagi/);
  await axe("portfolio");
});

await step("the brand's page shows six figures, the chart and every card with data", async () => {
  await go(`${BRAND}?lang=id&range=28`);
  assert.equal(await page.locator(".tile").count(), 6);
  assert.equal(await page.locator(".tile .value").filter({ hasText: "—" }).count(), 0);
  for (const card of ["posts", "comments", "formats", "stories", "hours", "hashtags", "competitors", "audience"]) {
    assert.equal(await page.locator(`#${card} .empty`).count(), 0, card);
  }
  assert.equal(await page.locator(".days li").count(), 28);
  assert.match(await page.locator(".lines path").last().getAttribute("d"), /^M/);
  await axe("brand");
});

await step("a missing day is a gap with its reason, and never zero", async () => {
  const gap = page.locator(".days .gap a");
  assert.ok((await gap.count()) >= 2);
  assert.match(await gap.last().getAttribute("title"), /belum ada dari Instagram|belum pernah dibaca/);
  assert.match(await text(".legend"), /Tidak ada angka: token akun tidak punya izin/);
  assert.equal(await page.locator(".chart ~ details td").filter({ hasText: /^0$/ }).count(), 0);
});

await step("hostile text is text", async () => {
  await go(`${BRAND}?lang=id&range=28&q=%3Cscript%3E`);
  assert.match(await text(".comment blockquote"), /<script>alert\(1\)<\/script>/);
  assert.equal(await page.locator(".comment img, .comment script").count(), 0);
  assert.match(await text(".brand-head"), /Kopi Senja <Bandung>/);
});

await step("comments are filtered and searched, and the address says so", async () => {
  await go(`${BRAND}?lang=id&range=28`);
  await page.locator("#comments .segments a", { hasText: "Negatif" }).click();
  await page.waitForURL(/feel=neg/);
  await page.locator("#comments .segments a[aria-current]", { hasText: "Negatif" }).waitFor();
  const feelings = await page.locator("#comments .feel").allInnerTexts();
  assert.ok(feelings.length > 0 && feelings.every((of) => of.includes("Negatif")), feelings.join());
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "search");
  await page.keyboard.type("dingin");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=dingin/);
  await page.waitForFunction(() => [...document.querySelectorAll("#comments blockquote")].every((of) => of.innerText.includes("dingin")));
  assert.ok((await page.locator("#comments mark.said.for-neg").count()) > 0);
});

await step("a point of the chart opens the comments behind it", async () => {
  await go(`${BRAND}?lang=id&range=28&metric=sentiment`);
  const day = page.locator(".days li:not(.gap) a").nth(20);
  await day.hover();
  const said = await day.getAttribute("data-said");
  assert.ok((await text("#readout")).startsWith(said));
  await day.click();
  await page.waitForURL(/day=2026-/);
  await page.locator("#comments .fresh").waitFor();
  const [shown] = said.split(":");
  assert.ok((await text("#comments .fresh")).includes(shown));
  const dayNumber = shown.match(/\d+/)[0];
  for (const at of await page.locator("#comments .by span:nth-of-type(1)").allInnerTexts()) {
    assert.ok(at.startsWith(`${dayNumber} `), `${at} is not of ${shown}`);
  }
});

await step("tiles, ranges and comparison switch without a reload", async () => {
  await go(`${BRAND}?lang=id&range=7`);
  await page.evaluate(() => (window.isSame = true));
  await page.locator(".tile", { hasText: "Pengikut" }).click();
  await page.waitForURL(/metric=followers/);
  await page.locator(".tile[aria-current]", { hasText: "Pengikut" }).waitFor();
  await page.keyboard.press("c");
  await page.waitForURL(/compare=none/);
  await page.locator("#compare[aria-pressed=false]").waitFor();
  assert.equal(await page.locator(".lines .before").count(), 0);
  const days = await text("#days");
  await page.keyboard.press("[");
  await page.waitForFunction((before) => document.querySelector("#days").innerText !== before, days);
  assert.ok(await page.evaluate(() => window.isSame), "the page was loaded anew");
  await page.goBack();
  await page.waitForFunction((before) => document.querySelector("#days").innerText === before, days);
});

await step("the same address shows the same to somebody else, also without scripts", async () => {
  const cookies = (await context.cookies()).filter((of) => of.name === "cekbrand_session");
  const other = await browser.newContext({ javaScriptEnabled: false, locale: "en-US" });
  await other.addCookies(cookies);
  const plain = await other.newPage();
  await plain.goto(`${BASE}${BRAND}?lang=id&range=28&metric=views&feel=pos&q=mantap`);
  assert.equal(await plain.locator("html").getAttribute("lang"), "id");
  assert.match(await plain.locator("#chart-title").innerText(), /Tayangan/);
  assert.equal(await plain.locator("#search").inputValue(), "mantap");
  await plain.locator(".tile", { hasText: "Jangkauan" }).click();
  assert.match(plain.url(), /metric=reach/);
  assert.match(plain.url(), /q=mantap/);
  await other.close();
});

await step("the language switches, and both hold the same", async () => {
  await go(`${BRAND}?lang=id&range=28`);
  const cards = await page.locator(".card-head h2").count();
  await page.locator(".tools a[hreflang=en]").click();
  await page.waitForURL(/lang=en/);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.match(await text(".tiles"), /Net sentiment/);
  assert.equal(await page.locator(".card-head h2").count(), cards);
  await axe("brand in English");
});

await step("the theme switches by key, and stays", async () => {
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.keyboard.press("t");
  assert.notEqual(await ground(), light);
  await go(`${BRAND}?lang=en&range=28`);
  assert.notEqual(await ground(), light);
  await axe("brand in the dark");
  await page.keyboard.press("t");
  assert.equal(await ground(), light);
});

await step("the keys are listed under ?", async () => {
  await page.keyboard.press("?");
  assert.equal(await page.locator("#keys[open] kbd").count(), 6);
  await page.keyboard.press("Escape");
});

await step("a medium has every figure with its history and source", async () => {
  await page.locator(".post").first().click();
  await page.waitForURL(/\/media\//);
  assert.ok((await page.locator("tbody tr").count()) >= 6);
  assert.match(await text("table"), /Saved, read by us/);
  await axe("medium");
});

await step("a wrong sentiment is corrected, and a note is put on the axis", async () => {
  await go(`${BRAND}?lang=en&range=28&feel=neg`);
  const text = await page.locator(".comment blockquote").first().innerText();
  await page.locator(".comment").first().locator("button[value=pos]").click();
  await page.waitForLoadState();
  await go(`${BRAND}?lang=en&range=28&feel=pos`);
  const corrected = page.locator(".comment", { hasText: "corrected by a person" });
  assert.equal(await corrected.locator("blockquote").first().innerText(), text);
  await page.locator(".chart ~ details summary").first().click();
  await page.fill("form[action$='/notes'] input[name=text]", "Harga naik <b>hari ini</b>");
  await page.click("form[action$='/notes'] button");
  await page.locator("#notes", { hasText: "Harga naik <b>hari ini</b>" }).waitFor();
  assert.ok((await page.locator(".note-mark").count()) > 0);
});

await step("a link shows its account and days to whoever has it, and nothing else", async () => {
  await go(`${BRAND}?lang=en&range=28`);
  await page.click("#share");
  const path = await page.locator("#shared").getAttribute("href");
  const guest = await browser.newContext();
  const other = await guest.newPage();
  const open = async (address) => (await other.goto(BASE + address)).status();
  assert.equal(await open(path), 200);
  const days = await other.locator("#days").innerText();
  assert.match(days, /29 Oct/);
  assert.equal(await other.locator("form, #earlier, a[download]:visible").filter({ hasNot: other.locator("#search") }).count(), 1);
  assert.equal(await open(`${path}&from=2026-01-01&to=2026-02-01&range=7`), 200);
  assert.equal(await other.locator("#days").innerText(), days);
  assert.equal(await open(path.replace(/[0-9a-f](?=\?)/, (digit) => (digit === "0" ? "1" : "0"))), 404);
  assert.equal(await open(`${path}&day=2026-01-01`), 404);
  await other.goto(BASE + BRAND);
  assert.match(other.url(), /\/login/);
  await guest.close();
});

await step("a rule and a receiver are made with forms, and the secret is shown once", async () => {
  await go(`${BRAND}/alerts?lang=en`);
  await axe("alerts without any");
  await page.fill("input[name=name]", "Reach falls");
  await page.selectOption("select[name=metric]", "reach");
  await page.selectOption("select[name=direction]", "below");
  await page.fill("input[name=threshold]", "100000000");
  await page.click("form[action*='/rules?'] button");
  await page.locator("#rules td", { hasText: "Reach falls" }).waitFor();
  await page.locator("#channels summary").click();
  await page.fill("input[name=address]", "https://hooks.example.com/brands");
  await page.click("form[action*='/channels?'] button");
  assert.match(await text("#secret"), /^whsec_/);
  await go(`${BRAND}/alerts?lang=en`);
  await page.locator("button", { hasText: "Send a test" }).click();
  await page.locator("#log td", { hasText: "waiting" }).waitFor();
  await page.locator("#channels summary").click();
  await page.fill("input[name=address]", "ops@agency.example");
  await page.click("form[action*='/channels?'] button");
  await page.locator("#channels td", { hasText: "mailto:ops@agency.example" }).waitFor();
  await axe("alerts");
  await go(`${BRAND}/alerts?lang=id`);
  assert.match(await text("#rules table"), /Jangkauan 7 hari di bawah 100.000.000/);
});

await step("a medium's label has its figures on the brand's page", async () => {
  await go(`${BRAND}?lang=en&range=28`);
  await page.locator(".post").first().click();
  await page.waitForURL(/\/media\//);
  await page.fill(".labels input[name=name]", "Promo akhir tahun");
  await page.click(".labels form.filters button");
  await page.locator(".labels .flag", { hasText: "Promo akhir tahun" }).waitFor();
  await axe("a medium with a label");
  await go(`${BRAND}?lang=en&range=28`);
  assert.match(await text("#labels table"), /Promo akhir tahun/);
});

await step("a table goes as CSV", async () => {
  const got = await page.request.get(`${BASE}${BRAND}/csv/comments?lang=en&range=28`);
  assert.equal(got.headers()["content-type"], "text/csv; charset=utf-8");
  assert.match(await got.text(), /^Published,Author,Text/);
});

await step("the pipeline says what is stuck and what to do, and refreshes itself", async () => {
  await page.clock.install();
  await go("/pipeline?lang=en");
  assert.match(await text("main"), /cekbrand account token 17841400000000002/);
  await axe("pipeline");
  const again = page.waitForResponse((response) => response.url().includes("/pipeline"));
  await page.clock.fastForward(11_000);
  assert.equal((await again).status(), 200);
  await page.clock.resume();
  await go("/glossary?lang=en");
  await axe("glossary");
});

await step("what is not there is said so, without telling more", async () => {
  const got = await page.request.get(`${BASE}/accounts/999?lang=en`);
  assert.equal(got.status(), 404);
  assert.match(await got.text(), /There is no such page/);
  for (const path of [`${BRAND}?range=9`, `${BRAND}?from=2026-11-25&to=2026-01-01`, `${BRAND}?q=${"x".repeat(10000)}`, `${BRAND}?day=soon`]) {
    assert.equal((await page.request.get(BASE + path)).status(), 400, path.slice(0, 80));
  }
});

await step("it prints on paper without what only a screen can do", async () => {
  await go(`${BRAND}?lang=en&range=28`);
  await page.emulateMedia({ media: "print" });
  for (const gone of [".tools", ".controls", ".filters", "#readout"]) {
    assert.equal(await page.locator(gone).first().isVisible(), false, gone);
  }
  assert.ok(await page.locator("#address").isVisible());
  const pdf = await page.pdf({ format: "A4", path: join(PICTURES, "print.pdf") });
  assert.ok(pdf.length > 10000);
  await page.emulateMedia({ media: "screen" });
});

await step("pages fit a phone in both languages and themes", async () => {
  for (const lang of ["id", "en"]) {
    for (const theme of ["light", "dark"]) {
      for (const [width, height] of [[390, 844], [1440, 900]]) {
        await page.setViewportSize({ width, height });
        for (const [name, path] of [["portfolio", "/"], ["brand", BRAND], ["pipeline", "/pipeline"], ["medium", "/media/17900000000000002"], ["alerts", `${BRAND}/alerts`]]) {
          await go(`${path}?lang=${lang}&range=28&theme=${theme}`);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(over <= 0, `${name} is ${over} px too wide at ${width}`);
          if (process.env.KEEP_PICTURES) {
            await page.screenshot({ path: join(PICTURES, `${name}-${width}-${theme}-${lang}.png`), fullPage: true });
          }
        }
      }
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
});

await step("a first visit takes less than 150 kB", async () => {
  const fresh = await browser.newContext();
  await fresh.addCookies(await context.cookies());
  const first = await fresh.newPage();
  const client = await fresh.newCDPSession(first);
  await client.send("Network.enable");
  let bytes = 0;
  client.on("Network.loadingFinished", (of) => (bytes += of.encodedDataLength));
  await first.goto(`${BASE}${BRAND}?lang=id&range=28&theme=light`, { waitUntil: "networkidle" });
  const paint = await first.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  console.log(`          ${(bytes / 1000).toFixed(1)} kB transferred, first paint after ${paint?.toFixed(0)} ms`);
  assert.ok(bytes > 1000 && bytes < 150_000, `${bytes} bytes`);
  await fresh.close();
});

await step("signing out ends the session", async () => {
  await go("/?lang=en");
  await page.locator("form[action='/logout'] button").click();
  await page.waitForURL(/\/login/);
  await go(BRAND);
  assert.match(page.url(), /\/login/);
});

await step("nothing was fetched from outside, and the console had nothing to say", () => {
  assert.deepEqual(strangers, []);
  assert.deepEqual(complaints, []);
});
await browser.close();
