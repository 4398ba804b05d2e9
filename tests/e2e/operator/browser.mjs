// Walks from an empty installation to the first rows as an operator does, through Meta's dialog. Each step is a promise;
// the first that does not hold ends the run.
import { strict as assert } from "node:assert";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const { BASE, CHROMIUM, MODULES, PICTURES, ACCOUNT } = process.env;
const require = createRequire(join(MODULES, "x.js"));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(join(MODULES, "axe-core", "axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const page = await (await browser.newContext({ viewport: { width: 800, height: 900 } })).newPage();
page.setDefaultTimeout(30000);
const complaints = [];
page.on("pageerror", (error) => complaints.push(String(error)));

const step = async (name, deed) => {
  const began = Date.now();
  try {
    await deed();
  } catch (error) {
    await page.screenshot({ path: join(PICTURES, "connect-failed.png"), fullPage: true });
    console.error(`FAILED ${name}\n${error.stack}\n${await page.content()}\n${complaints.join("\n")}`);
    process.exit(1);
  }
  console.log(`${String(Date.now() - began).padStart(6)} ms  ${name}`);
};
const axe = async (where) => {
  // The policy forbids inline scripts, so the check is run by the debugger, which no policy binds.
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations.filter((of) => ["serious", "critical"].includes(of.impact));
  assert.deepEqual(serious.map((of) => `${of.id}: ${of.nodes[0]?.html}`), [], `axe on ${where}`);
};

await step("the first page offers both logins", async () => {
  await page.goto(BASE + "/");
  assert.equal(await page.locator("a.button").count(), 2);
  await axe("the first page");
});

await step("Meta's dialog asks, and sends whoever grants everything back", async () => {
  await page.click("text=Facebook Login");
  assert.notEqual(new URL(page.url()).origin, BASE);
  await page.click("button[value=allow]");
  await page.waitForURL(/\/callback\?/);
  assert.match(await page.locator("h1").innerText(), /Which accounts/);
  assert.equal(await page.locator("text=Not granted").count(), 0);
  await axe("the choice");
});

await step("one account is chosen of several and connected", async () => {
  const boxes = page.locator("input[name=account]");
  const others = await boxes.evaluateAll((all, chosen) => all.map((box) => box.value).filter((id) => id !== chosen), ACCOUNT);
  assert.ok(others.length > 0);
  for (const id of others) await page.uncheck(`input[name=account][value="${id}"]`);
  await page.click("button");
  assert.match(await page.locator("li").innerText(), /its webhooks subscribed/);
});

await step("the first reads are shown as they get on", async () => {
  await page.waitForFunction(() => document.querySelector("progress")?.value > 0);
  await axe("the progress");
});

await step("until all is read", async () => {
  await page.waitForFunction(() => document.querySelector("h2")?.textContent === "All is read", null, { timeout: 180000 });
  const shown = await page.locator("progress").evaluate((bar) => [bar.value, bar.max]);
  assert.equal(shown[0], shown[1]);
  assert.ok(shown[0] > 10, String(shown));
  await axe("the end");
});

assert.deepEqual(complaints, []);
await browser.close();
