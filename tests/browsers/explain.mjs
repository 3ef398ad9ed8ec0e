// Tests explain.html in Chromium with the decoder vectors, in three chunkings each: the events and the drawing. Also tests
// the keyboard, the colors, the links, and the page opened from disk. `explain/test` starts this.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { engines } from './engines.mjs';
import { answer, answerNoContent, serve } from './http.mjs';
import { decoderCases } from './vectors.mjs';

const PAGE = fileURLToPath(new URL('../../explain/explain.html', import.meta.url));
const HARNESS = fileURLToPath(new URL('explain.html', import.meta.url));
const { OUT } = process.env;
/** The time limit for everything, in milliseconds. */
const PATIENCE = 300_000;

mkdirSync(OUT, { recursive: true });
// The page has no setting for a limit or for the last event ID of an earlier stream.
const cases = decoderCases().filter(({ needsLimit, carried }) => !needsLimit && carried === undefined);
const failures = [
    ...await inChromium(cases.map(({ file, name, stream, chunks, expect }) => ({
        name: `${file}: ${name}`,
        stream: stream.toString('base64'),
        ends: chunks.map((_, n) => chunks.slice(0, n + 1).reduce((sum, chunk) => sum + chunk.length, 0)),
        events: expect.events,
    }))),
    ...fromDisk(),
];
for (const failure of failures.slice(0, 20)) console.error(`explain: ${failure}`);
console.log(`explain: Chromium ${engines.chromium.version()}: ${cases.length} vectors, ${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** Returns the failures that the harness reports. */
async function inChromium(all) {
    const endings = [];
    let report;
    const reported = new Promise((resolve) => (report = resolve));
    const server = await serve(({ method, url, body }, socket) => {
        switch (`${method} ${url.pathname}`) {
            case 'GET /': return answer(socket, 'text/html; charset=utf-8', readFileSync(HARNESS));
            case 'GET /explain.html': return answer(socket, 'text/html; charset=utf-8', readFileSync(PAGE));
            case 'GET /cases': return answer(socket, 'application/json', JSON.stringify(all));
            case 'POST /failures':
                answer(socket, 'text/plain', '');
                return report(JSON.parse(body));
            default: return answerNoContent(socket);
        }
    });
    const timer = setTimeout(() => report(['the page is stuck']), PATIENCE);
    try {
        const browser = await engines.chromium.open({ after: (ending) => endings.push(ending) }, `http://127.0.0.1:${server.address().port}/`);
        browser.ended.then(() => report([`Chromium ended:\n${browser.output}`]));
        return await reported;
    } finally {
        clearTimeout(timer);
        for (const ending of endings.reverse()) await ending();
        server.close();
    }
}

/** Opens the file from disk, with a stream in its address, and returns the failures. */
function fromDisk() {
    const stream = Buffer.from('event: from disk\ndata: caf\u00e9\n\n').toString('base64url');
    const profile = `--user-data-dir=${OUT}/chromium/disk`;
    const dom = execFileSync('chromium', [
        '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage', '--no-first-run',
        '--proxy-server=127.0.0.1:1', profile, '--virtual-time-budget=10000', '--dump-dom', `file://${PAGE}#${stream};3,9`,
    ], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 });
    return ['from disk', 'caf\u00e9', 'agree on 1 event; 3 chunks change nothing'].filter((text) => !dom.includes(text)).map((text) => `from disk, it does not show: ${text}`);
}
