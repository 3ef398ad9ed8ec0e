// (d) `sse-wire serve` → curl and `sse-wire listen`, line by line as the events are published.

import assert from 'node:assert/strict';

import { start } from '../support/programs.mjs';
import { event, example, listen, serve } from '../support/sse_wire.mjs';
import { step } from '../support/steps.mjs';

const curl = (scope, ...options) => start(scope, 'curl', ['-sSN', ...options]);

export async function server() {
    await step('curl -N: each event arrives, byte for byte, before the next one is published', async (scope) => {
        const served = await serve(scope, '--json', '--no-ids');
        const client = curl(scope, served.url);
        const expected = [];
        for (let n = 1; n <= 20; n += 1) {
            served.publish({ type: 'tick', id: String(n), data: `${n}\nand a second line` });
            expected.push('event: tick', `id: ${n}`, `data: ${n}`, 'data: and a second line', '');
            const lines = await client.lines(expected.length);
            // The order of fields before the data is the encoder's choice.
            assert.deepEqual(lines.slice(-5, -3).sort(), expected.slice(-5, -3).sort());
            assert.deepEqual(lines.slice(-3), expected.slice(-3));
        }
        served.child.kill('SIGTERM');
        assert.equal(await client.ended, 0, 'the body ends properly');
    });

    await step('curl: the head, an unknown method, a preflight', async (scope) => {
        const served = await serve(scope, '--cors', 'https://example.com');
        served.write('x\n');
        const head = curl(scope, '-i', '-H', 'Origin: https://example.com', served.url);
        await head.until(() => head.stdout.includes('data: x'), 'it had the event');
        const fields = head.stdout.map((line) => line.toLowerCase());
        assert.match(fields[0], /^http\/1\.1 200/);
        for (const field of ['content-type: text/event-stream', 'cache-control: no-cache, no-transform', 'x-accel-buffering: no', 'access-control-allow-origin: https://example.com']) {
            assert.ok(fields.includes(field), `${field}\n${head.output}`);
        }
        const status = async (...options) => {
            const program = curl(scope, '-o', '/dev/null', '-w', '%{http_code}\n', ...options, served.url);
            await program.ended;
            return program.stdout[0];
        };
        assert.equal(await status('-d', 'x'), '405');
        assert.equal(await status('-X', 'OPTIONS'), '204');
    });

    await step('curl: Last-Event-ID returns what was missed, and an unknown one returns a gap event', async (scope) => {
        const served = await serve(scope, '--json', '--no-ids');
        for (const id of ['1', '2', '三', '4']) served.publish({ id, data: `data of ${id}` });
        // Everything is retained once the first client has received the last event.
        await listen(scope, served.url, '--max-events', '4').ended;
        const data = async (id, last) => {
            const client = curl(scope, '-H', `Last-Event-ID: ${id}`, served.url);
            await client.until(() => client.stdout.includes(`data: ${last}`), last);
            await client.kill();
            return client.stdout.filter((line) => /^(data)?:/.test(line));
        };
        assert.deepEqual(await data('2', 'data of 4'), ['data: data of 三', 'data: data of 4']);
        assert.deepEqual(await data('三', 'data of 4'), ['data: data of 4']);
        const [gap, ...all] = await data('unknown', 'data of 4');
        assert.match(gap, /^data: .*lost/);
        assert.equal(all.length, 4);
    });

    await step('curl: a keep-alive comment ends the silence, and is not part of an event', async (scope) => {
        const served = await serve(scope, '--keep-alive', '0.05');
        const client = curl(scope, served.url);
        await client.until(() => client.stdout.filter((line) => line.startsWith(':')).length >= 3, 'the third comment');
        served.write('x\n');
        await client.until(() => client.stdout.includes('data: x'), 'the event');
        const listener = listen(scope, served.url, '--idle-timeout', '5', '--max-events', '1');
        assert.equal(await listener.ended, 0);
    });

    await step('sse-wire listen: live, each event before the next one is published', async (scope) => {
        const served = await serve(scope);
        const client = listen(scope, served.url, '--max-events', '50');
        await client.says(/connected/);
        for (let n = 1; n <= 50; n += 1) {
            served.write(`line ${n}\n`);
            const lines = await client.lines(n);
            assert.equal(event(lines[n - 1]).data, `line ${n}`);
        }
        assert.equal(await client.ended, 0);
        assert.equal(new Set(client.stdout.map((line) => event(line).id)).size, 50);
        // The server notices the disconnection at once.
        await served.says(/disconnected; clients: 0/);
    });

    await step('sse-wire listen: --last-event-id resumes after it', async (scope) => {
        const served = await serve(scope, '--json', '--no-ids');
        for (let n = 1; n <= 5; n += 1) served.publish({ id: `id ${n}`, data: String(n) });
        await listen(scope, served.url, '--max-events', '5').ended;
        const client = listen(scope, served.url, '--last-event-id', 'id 3', '--max-events', '2');
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map((line) => event(line).data), ['4', '5']);
    });

    await step('sse-wire listen: a line of one MiB, and ten thousand lines at once, arrive unchanged', async (scope) => {
        const served = await serve(scope);
        const big = 'é'.repeat(1 << 19);
        const lines = [big, ...Array.from({ length: 10_000 }, (_, n) => `line ${n}`)];
        const client = listen(scope, served.url, '--max-events', String(lines.length));
        served.write(`${lines.join('\n')}\n`);
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map((line) => event(line).data), lines);
    });

    await step('three clients of the example server, one of them curl, get the same', async (scope) => {
        const served = await example(scope, 'axum_server', '127.0.0.1:0');
        const url = `${served.url}/events`;
        const clients = [listen(scope, url, '--max-events', '5'), listen(scope, url, '--max-events', '5')];
        const third = curl(scope, url);
        for (const client of clients) await client.says(/connected/);
        await third.lines(1);
        for (let n = 1; n <= 5; n += 1) await served.publish(`event ${n}`);
        const expected = [1, 2, 3, 4, 5].map((n) => `event ${n}`);
        for (const client of clients) {
            assert.equal(await client.ended, 0);
            assert.deepEqual(client.stdout.map((line) => event(line).data), expected);
        }
        await third.until(() => third.stdout.includes('data: event 5'), 'the last event');
        assert.deepEqual(third.stdout.filter((line) => line.startsWith('data: ')), expected.map((data) => `data: ${data}`));
    });
}
