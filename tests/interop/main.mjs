// Runs the suites; `run` builds and installs what they need, and starts this.

import { bad_input } from './suites/bad_input.mjs';
import { browser } from './suites/browser.mjs';
import { client } from './suites/client.mjs';
import { proxy } from './suites/proxy.mjs';
import { server } from './suites/server.mjs';
import { summary } from './support/steps.mjs';

const suites = { browser, client, proxy, server, bad_input };
const chosen = process.argv.slice(2);
for (const name of chosen.filter((name) => !(name in suites))) {
    console.error(`interop: unknown suite ${name}; the suites are ${Object.keys(suites).join(', ')}`);
    process.exit(2);
}
for (const [name, suite] of Object.entries(suites)) {
    if (chosen.length === 0 || chosen.includes(name)) await suite();
}
process.exitCode = summary();
