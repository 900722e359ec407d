// What a person does on both pages, in a real browser. Arguments: the door, a folder for pictures.
// Prints one line of JSON.
"use strict";

const { chromium } = require("playwright-core");

const [, , door, pictures] = process.argv;
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function execute(page, block) {
  // What was opened once stays open in another document, too.
  if (!(await block.evaluate((one) => one.classList.contains("is-open")))) {
    await block.locator(".opblock-summary").first().click();
  }
  const execute = block.getByRole("button", { name: "Execute" });
  const tryIt = block.getByRole("button", { name: "Try it out" });
  await execute.or(tryIt).first().waitFor();
  if (await tryIt.isVisible()) {
    await tryIt.click();
  }
  await execute.click();
  const answer = block.locator(".live-responses-table .response").first();
  await answer.waitFor();
  return {
    status: (await answer.locator(".response-col_status").innerText()).trim(),
    body: (await answer.locator(".response-col_description").innerText()).trim(),
  };
}

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: QUIET });
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 1600 } });
    const troubles = [];
    const elsewhere = [];
    page.on("console", (said) => said.type() === "error" && troubles.push(said.text()));
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("request", (asked) => {
      const url = asked.url();
      if (!url.startsWith(door) && !url.startsWith("data:") && !url.startsWith("blob:")) elsewhere.push(url);
    });

    await page.goto(`${door}/swagger/`);
    const list = page.locator("#operations-Deployments-listDeployments");
    await list.waitFor();
    const listed = await execute(page, list);
    await page.screenshot({ path: `${pictures}/api.png` });

    await page.goto(`${door}/service-catalog`);
    const invoke = page.locator(".opblock-post").filter({ hasText: "/model/mine/api/model/invoke" });
    await invoke.waitFor();
    const predicted = await execute(page, invoke);
    await page.screenshot({ path: `${pictures}/catalogue.png` });

    await page.locator(".topbar select").selectOption({ label: "mine" });
    await page.locator("h1.title", { hasText: "wine-quality" }).waitFor();
    const authorize = page.getByRole("button", { name: "Authorize" }).first();
    await authorize.click();
    await page.locator(".auth-container input").first().fill("a.b.c");
    await page.locator(".auth-btn-wrapper .authorize").first().click();
    await page.locator(".btn-done").first().click();
    const asked = page.waitForRequest((one) => one.url().endsWith("/api/model/invoke"));
    await execute(page, page.locator(".opblock-post").first());
    const token = (await asked).headers().authorization;
    await page.screenshot({ path: `${pictures}/one.png` });
    console.log(JSON.stringify({ listed, predicted, token, troubles, elsewhere }));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
