// (a) Our servers → `EventSource` in a page in Chromium.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';

import { freePort, pause } from '../support/programs.mjs';
import { relay } from '../support/relay.mjs';
import { example, listen, serve } from '../support/sse_wire.mjs';
import { step } from '../support/steps.mjs';
import { serve as http } from '../support/tutorial.mjs';

const { OUT } = process.env;
const { chromium } = createRequire(`${OUT}/node/`)('playwright-core');
const HTML = readFileSync(new URL('../support/page.html', import.meta.url), 'utf8');

export async function browser() {
    const profile = `${OUT}/profile`;
    rmSync(profile, { recursive: true, force: true });
    mkdirSync(profile, { recursive: true });
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: '/usr/bin/chromium',
        args: [
            '--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking',
            '--disable-component-update', '--disable-sync', '--no-first-run',
            '--host-resolver-rules=MAP rebinding.test 127.0.0.1',
        ],
        viewport: { width: 800, height: 600 },
    });
    try {
        await steps(context);
    } finally {
        await context.close();
    }
}

/** Opens a page of the server's origin or of another. */
async function open(scope, context, origin) {
    const page = await context.newPage();
    scope.after(() => page.close());
    const url = new URL('/page.html', origin).href;
    await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: HTML }));
    await page.goto(url);
    return page;
}

const events = (page, count) =>
    page.waitForFunction((count) => events().length >= count && events(), count).then((found) => found.jsonValue());

async function steps(context) {
    await step('browser: default and named events, several lines of data, ids, empty data', async (scope) => {
        const server = await serve(scope, '--json', '--no-ids');
        const page = await open(scope, context, server.url);
        await page.evaluate((url) => connect(url, 'status', '状态'), server.url);
        const sent = [
            { data: 'the first, without an id' },
            { event: 'status', data: '{"up": true}', id: '1' },
            { data: 'three lines,\n\n  the last one indented' },
            { event: '状态', data: 'héllo 🦀', id: 'é-🦀' },
            { data: '' },
            { data: ': no comment\nid: no id' },
        ];
        for (const { event, ...rest } of sent) server.publish({ ...(event && { type: event }), ...rest });
        assert.deepEqual(await events(page, sent.length), [
            { type: 'message', data: sent[0].data, id: '' },
            { type: 'status', data: sent[1].data, id: '1' },
            { type: 'message', data: sent[2].data, id: '1' },
            { type: '状态', data: sent[3].data, id: 'é-🦀' },
            { type: 'message', data: '', id: 'é-🦀' },
            { type: 'message', data: sent[5].data, id: 'é-🦀' },
        ]);
        await page.screenshot({ path: `${OUT}/browser.png` });
        scope.note(`screenshot: ${OUT.replace(`${process.cwd()}/`, '')}/browser.png`);
    });

    await step('browser: a page of another origin reads the stream with --cors, and fails without', async (scope) => {
        const [allowed, refused] = [await serve(scope, '--cors', '*'), await serve(scope)];
        for (const server of [allowed, refused]) server.write('hello\n');
        // The page comes from a separate server on loopback. Otherwise, the browser would ask for permission before the
        // page accesses the local network.
        const other = await http(scope, (_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(HTML));
        const page = await context.newPage();
        scope.after(() => page.close());
        await page.goto(other.url);
        await page.evaluate((url) => connect(url), allowed.url);
        assert.equal((await events(page, 1))[0].data, 'hello');
        await page.evaluate((url) => (source.close(), connect(url)), refused.url);
        await page.waitForFunction(() => said('(failed)') === 1);
        assert.equal((await events(page, 1)).length, 1);
    });

    await step('browser: a page of another origin reads the stream with credentials, and by fetch with Authorization', async (scope) => {
        const other = await http(scope, (_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(HTML));
        const [named, all] = [await serve(scope, '--cors', new URL(other.url).origin), await serve(scope, '--cors', '*')];
        for (const server of [named, all]) server.write('hello\n');
        const page = await context.newPage();
        scope.after(() => page.close());
        await page.goto(other.url);
        const withCredentials = (url) => page.evaluate((url) => new Promise((done) => {
            const source = new EventSource(url, { withCredentials: true });
            source.onmessage = ({ data }) => (source.close(), done(data));
            source.onerror = () => (source.close(), done('failed'));
        }), url);
        const byFetch = (url, credentials) => page.evaluate(async ([url, credentials]) => {
            const headers = { Authorization: 'Bearer x', 'Last-Event-ID': '', Accept: 'text/event-stream' };
            try {
                const response = await fetch(url, { credentials, headers });
                const { value } = await response.body.pipeThrough(new TextDecoderStream()).getReader().read();
                return value.match(/^data: (.*)$/m)[1];
            } catch {
                return 'failed';
            }
        }, [url, credentials]);
        assert.equal(await withCredentials(named.url), 'hello');
        assert.equal(await byFetch(named.url, 'include'), 'hello');
        assert.equal(await byFetch(all.url, 'omit'), 'hello');
        assert.equal(await withCredentials(all.url), 'failed', 'no credentials for all');
    });

    await step('browser: the address in the address bar shows events of all types, and continues after a restart', async (scope) => {
        const port = String(await freePort());
        const first = await serve(scope, '--json', '--retry', '20', '--port', port);
        first.publish({ type: 'status', id: 'größe', data: '<b>two</b>\nlines' });
        const page = await context.newPage();
        scope.after(() => page.close());
        await page.goto(first.url);
        const shown = (text) => page.waitForFunction((text) => document.getElementById('events').innerText.includes(text), text);
        await shown('<b>two</b>\nlines');
        await shown('status · größe');
        first.publish({ data: 'live' });
        await shown('live');
        assert.equal(await page.locator('#state').innerText(), 'connected');
        first.child.kill('SIGTERM');
        await first.ended;
        const second = await serve(scope, '--json', '--port', port);
        second.publish({ data: 'after the restart' });
        await shown('after the restart');
        await page.screenshot({ path: `${OUT}/page.png` });
    });

    await step('browser: a page whose host name resolves to 127.0.0.1 is refused', async (scope) => {
        const [refused, allowed] = [await serve(scope), await serve(scope, '--allow-host', 'rebinding.test')];
        const page = await context.newPage();
        scope.after(() => page.close());
        assert.equal((await page.goto(`http://rebinding.test:${refused.port}/`)).status(), 403);
        assert.equal((await page.goto(`http://rebinding.test:${allowed.port}/`)).status(), 200);
    });

    await step('browser: after a cut the page reconnects with Last-Event-ID after `retry`, and no event is lost or repeated', async (scope) => {
        const server = await serve(scope, '--retry', '20');
        const network = await relay(scope, server.port);
        const page = await open(scope, context, `http://127.0.0.1:${network.port}/`);
        await page.evaluate(() => connect('/stream'));
        const total = 60;
        for (let n = 1; n <= total; n += 1) {
            server.write(`${n}\n`);
            // There are events before, between, and after the cuts.
            if (n % 10 === 5) await events(page, n - 3);
            if (n % 10 === 5) network.cut();
        }
        const seen = await events(page, total);
        assert.deepEqual(seen.map(({ data }) => Number(data)), Array.from({ length: total }, (_, n) => n + 1));
        const reconnections = await page.evaluate(() => said('(reconnecting)'));
        assert.equal(reconnections, 6);
        const asked = network.sent.filter((request) => request.startsWith('GET /stream')).map((request) => request.match(/^last-event-id: (.*)\r$/im)?.[1]);
        assert.equal(asked[0], undefined);
        const ids = seen.map(({ id }) => id);
        for (const id of asked.slice(1)) assert.ok(ids.includes(id), `asked behind ${id}`);
        scope.note(`Last-Event-ID of ${asked.length} requests: ${asked.map((id) => ids.indexOf(id) + 1 || 'none').join(', ')}`);
    });

    await step('browser: an id beyond Latin-1 resumes', async (scope) => {
        const server = await serve(scope, '--json', '--retry', '20');
        const network = await relay(scope, server.port);
        const page = await open(scope, context, `http://127.0.0.1:${network.port}/`);
        await page.evaluate(() => connect('/stream'));
        server.publish({ id: '一', data: 'one' });
        server.publish({ id: 'zwei–ü', data: 'two' });
        await events(page, 2);
        network.cut();
        server.publish({ id: '三', data: 'three' });
        assert.deepEqual((await events(page, 3)).map(({ data }) => data), ['one', 'two', 'three']);
        await server.says(/connected \(reconnects\)/);
    });

    await step('browser: a server with persistent ids that is killed and restarted resumes where the page was', async (scope) => {
        const event = (n) => ({ id: String(n), data: `event ${n}` });
        const first = await serve(scope, '--json', '--retry', '20');
        const network = await relay(scope, first.port);
        const page = await open(scope, context, `http://127.0.0.1:${network.port}/`);
        await page.evaluate(() => connect('/stream'));
        for (let n = 1; n <= 5; n += 1) first.publish(event(n));
        await events(page, 5);
        await first.kill('SIGKILL');
        await page.waitForFunction(() => said('(reconnecting)') > 1);
        const second = await serve(scope, '--json', '--retry', '20');
        for (let n = 1; n <= 8; n += 1) second.publish(event(n));
        // The page reaches the server only after it has read its events, as with a server that stores them.
        await listen(scope, second.url, '--max-events', '8').ended;
        network.lead(second.port);
        const seen = await events(page, 8);
        assert.deepEqual(seen.map(({ id }) => Number(id)), [1, 2, 3, 4, 5, 6, 7, 8]);
    });

    await step('browser: after a server shuts down, the page reconnects to the next one', async (scope) => {
        const port = String(await freePort());
        const first = await serve(scope, '--port', port, '--retry', '20');
        const page = await open(scope, context, first.url);
        await page.evaluate(() => connect('/stream'));
        first.write('before\n');
        await events(page, 1);
        first.child.kill('SIGTERM');
        assert.equal(await first.ended, 0);
        const second = await serve(scope, '--port', port);
        second.write('after\n');
        assert.deepEqual((await events(page, 2)).map(({ data }) => data), ['before', 'after']);
    });

    await step('browser: the example server notices close() and a page that is closed, and frees its state', async (scope) => {
        const server = await example(scope, 'axum_server', '127.0.0.1:0');
        const clients = async (count) => {
            while ((await server.stats()).clients !== count) await pause(20);
        };
        const stream = `${server.url}/events`;
        const [staying, leaving] = [await open(scope, context, server.url), await open(scope, context, server.url)];
        for (const page of [staying, leaving]) {
            await page.evaluate((url) => connect(url), stream);
            await page.waitForFunction(() => said('(open)') === 1);
        }
        await clients(2);
        await server.publish('one');
        for (const page of [staying, leaving]) assert.equal((await events(page, 1))[0].data, 'one');
        await staying.evaluate(() => source.close());
        await clients(1);
        await server.publish('two');
        assert.equal((await events(leaving, 2))[1].data, 'two');
        assert.equal((await events(staying, 1)).length, 1, 'nothing is delivered after close()');
        await leaving.goto('about:blank');
        await clients(0);
    });

    await step('browser: the example server replays, and sends a gap event after its restart', async (scope) => {
        const port = await freePort();
        const first = await example(scope, 'axum_server', `127.0.0.1:${port}`);
        const network = await relay(scope, port);
        const page = await open(scope, context, `http://127.0.0.1:${network.port}/`);
        await page.evaluate(() => connect('/events', 'gap'));
        await page.waitForFunction(() => said('(open)') === 1);
        await first.publish('one');
        await events(page, 1);
        network.cut();
        await first.publish('two');
        assert.deepEqual((await events(page, 2)).map(({ data }) => data), ['one', 'two']);
        await first.kill('SIGKILL');
        const second = await example(scope, 'axum_server', `127.0.0.1:${port}`);
        await page.waitForFunction(() => said('gap') === 1);
        await second.publish('three');
        assert.deepEqual((await events(page, 4)).map(({ type, data }) => (type === 'gap' ? type : data)), ['one', 'two', 'gap', 'three']);
    });

    await step('browser: two thousand events that are already retained', async (scope) => {
        const server = await serve(scope);
        const lines = Array.from({ length: 2000 }, (_, n) => `line ${n} ${'·'.repeat(n % 50)}`);
        server.write(`${lines.join('\n')}\n`);
        const page = await open(scope, context, server.url);
        await page.evaluate(() => connect('/stream'));
        assert.deepEqual((await events(page, lines.length)).map(({ data }) => data), lines);
    });
}
