// (b) Servers as in tutorials, with plain `node:http`, Flask, and FastAPI → `sse-wire listen`.

import assert from 'node:assert/strict';

import { freePort, listening, redis, start } from '../support/programs.mjs';
import { event, listen } from '../support/sse_wire.mjs';
import { step } from '../support/steps.mjs';
import { head, send, serve } from '../support/tutorial.mjs';

const { OUT } = process.env;

export async function client() {
    await node();
    await refusals();
    await flask();
    await fastapi();
}

const dataOf = (lines) => lines.map((line) => event(line).data);

async function node() {
    await step('node:http: id, event, and data in separate writes, and one event every second write', async (scope) => {
        const server = await serve(scope, (_, response) => {
            head(response);
            response.write(': welcome\n\n');
            send(response, { id: 1, event: 'tick', data: JSON.stringify({ n: 1 }) });
            send(response, { data: 'first\ndata: second' });
            send(response, { id: 2, event: 'tick', data: '' });
        });
        const client = listen(scope, server.url, '--max-events', '3');
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map(event), [
            { type: 'tick', data: '{"n":1}', id: '1' },
            { type: 'message', data: 'first\nsecond', id: '1' },
            { type: 'tick', data: '', id: '2' },
        ]);
        const { accept, 'cache-control': cache, 'last-event-id': id } = server.requests[0].headers;
        assert.deepEqual([accept, cache, id], ['text/event-stream', 'no-cache', undefined]);
    });

    await step('node:http: an event is printed before the next one is sent', async (scope) => {
        const server = await serve(scope, async (_, response) => {
            head(response);
            for (let n = 1; n <= 20; n += 1) {
                send(response, { id: n, data: n });
                await client.lines(n);
            }
        });
        const client = listen(scope, server.url, '--max-events', '20');
        assert.equal(await client.ended, 0);
        assert.deepEqual(dataOf(client.stdout), Array.from({ length: 20 }, (_, n) => `${n + 1}`));
    });

    await step('node:http: an event that is cut is reported, requested again, and printed once', async (scope) => {
        const server = await serve(scope, async (request, response, number) => {
            head(response);
            response.write('retry: 20\n\n');
            if (number === 0) {
                send(response, { id: 1, data: 'one' });
                send(response, { id: 2, data: 'two' });
                await client.lines(2);
                response.write('id: 3\nevent: tick\ndata: thr');
                // It has been read once the next byte has; it gives no event.
                setTimeout(() => response.socket.resetAndDestroy(), 100);
            } else {
                send(response, { id: Number(request.headers['last-event-id']) + 1, event: 'tick', data: 'three' });
            }
        });
        const client = listen(scope, server.url, '--max-events', '3');
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map(event), [
            { type: 'message', data: 'one', id: '1' },
            { type: 'message', data: 'two', id: '2' },
            { type: 'tick', data: 'three', id: '3' },
        ]);
        assert.equal(server.requests[1].headers['last-event-id'], '2');
        await client.says(/reconnecting in 20 ms, after ID "2"/);
        await client.says(/cut inside the event .*data "thr"/);
        scope.note(client.stderr.join('\n'));
    });

    await step('node:http: a stream that is cut after each byte: no event is lost or repeated', async (scope) => {
        const all = Array.from({ length: 4 }, (_, n) => `id: ${n}\nevent: tick\ndata: event ${n}\n\n`).join('');
        let cuts = 0;
        const server = await serve(scope, (request, response, number) => {
            const last = request.headers['last-event-id'];
            const from = last === undefined ? 0 : all.indexOf(`id: ${Number(last) + 1}\n`);
            head(response);
            response.write('retry: 0\n\n');
            if (number < all.length) {
                cuts += 1;
                // One more byte with each connection, and then the end of the body.
                response.end(all.slice(from, number + 1));
            } else {
                response.write(`${all.slice(from)}data: end\n\n`);
            }
        });
        const client = listen(scope, server.url, '--max-events', '5');
        assert.equal(await client.ended, 0);
        assert.deepEqual(dataOf(client.stdout), ['event 0', 'event 1', 'event 2', 'event 3', 'end']);
        assert.equal(cuts, all.length);
    });

    await step('node:http: a server that is down for a while', async (scope) => {
        const handle = (request, response) => {
            head(response);
            response.write('retry: 20\n\n');
            send(response, { id: Number(request.headers['last-event-id'] ?? 0) + 1, data: 'x' });
        };
        const first = await serve(scope, handle);
        const client = listen(scope, first.url, '--max-events', '2');
        await client.lines(1);
        await first.stop();
        await client.says(/refused/);
        await serve(scope, handle, first.port);
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map((line) => event(line).id), ['1', '2']);
    });

    await step('node:http: CR, CRLF, a byte order mark, one byte per write, cut characters', async (scope) => {
        const stream = Buffer.from('\ufeffdata: \u{1f980} é\r\revent: a\r\ndata: b\r\ndata:c\r\n\r\ndata: end\n\n');
        const server = await serve(scope, async (_, response) => {
            head(response);
            response.socket.setNoDelay(true);
            for (const byte of stream) await new Promise((written) => response.write(Buffer.of(byte), written));
        });
        const client = listen(scope, server.url, '--max-events', '3');
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map(event), [
            { type: 'message', data: '\u{1f980} é', id: '' },
            { type: 'a', data: 'b\nc', id: '' },
            { type: 'message', data: 'end', id: '' },
        ]);
    });
}

async function refusals() {
    const answers = [
        ['501', (response) => response.writeHead(501, { 'Content-Type': 'text/event-stream' }).end('data: no\n\n'), /501/],
        ['404', (response) => response.writeHead(404).end(), /404/],
        ['401', (response) => response.writeHead(401).end(), /401/],
        ['a page of HTML', (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('data: no\n\n'), /text\/event-stream/],
        ['no type', (response) => response.writeHead(200).end('data: no\n\n'), /text\/event-stream/],
        ['a redirect to itself', (response) => response.writeHead(302, { Location: '/' }).end(), /redirect/, 1],
        ['a redirect to nowhere', (response) => response.writeHead(301).end(), /301/],
    ];
    for (const [name, answer, said, code = 4] of answers) {
        await step(`node:http: ${name} fails for good, with a reason`, async (scope) => {
            const server = await serve(scope, (_, response) => answer(response));
            const client = listen(scope, server.url, '--retry', '20');
            assert.equal(await client.ended, code);
            assert.deepEqual(client.stdout, []);
            assert.ok(client.stderr.some((line) => said.test(line)), client.output);
            scope.note(client.stderr.join('\n'));
        });
    }

    await step('node:http: 204 ends a stream that was open, after its events', async (scope) => {
        const server = await serve(scope, (_, response, number) => {
            if (number > 0) return response.writeHead(204).end();
            head(response);
            response.end('retry: 20\nid: 1\ndata: one\n\n');
        });
        const client = listen(scope, server.url);
        assert.equal(await client.ended, 3);
        assert.deepEqual(dataOf(client.stdout), ['one']);
        assert.equal(server.requests[1].headers['last-event-id'], '1');
    });

    for (const status of [301, 302, 303, 307, 308]) {
        await step(`node:http: a redirect (${status}) is followed at each connection, with Last-Event-ID`, async (scope) => {
            const server = await serve(scope, (request, response) => {
                if (request.url !== '/stream') return response.writeHead(status, { Location: '/stream' }).end();
                const id = Number(request.headers['last-event-id'] ?? 0) + 1;
                head(response);
                response.end(`retry: 20\nid: ${id}\ndata: ${id}\n\n`);
            });
            const client = listen(scope, server.url, '--max-events', '2');
            assert.equal(await client.ended, 0);
            assert.deepEqual(dataOf(client.stdout), ['1', '2']);
            assert.deepEqual(server.requests.map(({ url }) => url), ['/', '/stream', '/', '/stream']);
        });
    }
}

/** Starts a server in `servers/` on a free port. */
async function python(scope, script, ...options) {
    const port = await freePort();
    const path = new URL(`../servers/${script}`, import.meta.url).pathname;
    const program = start(scope, `${OUT}/venv/bin/python`, ['-B', path, String(port), ...options]);
    await listening(program, port);
    return { program, url: `http://127.0.0.1:${port}`, post: (path, body) => fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body }) };
}

async function flask() {
    await step('Flask: a generator of `data:` lines that ends, twice', async (scope) => {
        const { url } = await python(scope, 'flask_server.py');
        const client = listen(scope, `${url}/ticks`, '--retry', '20', '--max-events', '6');
        assert.equal(await client.ended, 0);
        assert.deepEqual(dataOf(client.stdout), ['tick 0', 'tick 1', 'tick 2', 'tick 0', 'tick 1', 'tick 2']);
    });

    await step('Flask: with ids, each connection resumes where the previous one ended', async (scope) => {
        const { url } = await python(scope, 'flask_server.py');
        const client = listen(scope, `${url}/counter`, '--max-events', '10');
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map(event), Array.from({ length: 10 }, (_, n) => ({ type: 'count', data: `${n + 1}`, id: `${n + 1}` })));
    });

    await step('Flask: an event when a status changes, live', async (scope) => {
        const { url, post } = await python(scope, 'flask_server.py');
        const client = listen(scope, `${url}/status`, '--max-events', '3');
        const states = ['idle', 'busy', 'busy', 'idle'];
        for (const [n, state] of states.entries()) {
            await post(`/status/${state}`);
            if (n !== 2) await client.lines(Math.min(n + 1, 2));
        }
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map(event), [
            { type: 'status', data: '{"from": null, "to": "idle"}', id: '' },
            { type: 'status', data: '{"from": "idle", "to": "busy"}', id: '' },
            { type: 'status', data: '{"from": "busy", "to": "idle"}', id: '' },
        ]);
    });

    await step('Flask and Redis: the messages of a channel, live', async (scope) => {
        const port = await redis(scope);
        const { url, post } = await python(scope, 'flask_server.py', String(port));
        const client = listen(scope, `${url}/chat`, '--max-events', '4');
        await client.lines(1);
        for (const [n, text] of ['hello', 'Grüße', '你好'].entries()) {
            await post('/chat', text);
            await client.lines(n + 2);
        }
        assert.equal(await client.ended, 0);
        assert.deepEqual(dataOf(client.stdout), ['chat', 'hello', 'Grüße', '你好']);
    });

    await step('Flask: a redirect, and an error status that is retried as often as allowed', async (scope) => {
        const { url } = await python(scope, 'flask_server.py');
        const moved = listen(scope, `${url}/moved`, '--max-events', '1');
        assert.equal(await moved.ended, 0);
        assert.deepEqual(dataOf(moved.stdout), ['tick 0']);
        const broken = listen(scope, `${url}/broken`, '--max-reconnections', '1');
        assert.equal(await broken.ended, 1);
        await broken.says(/500/);
    });
}

async function fastapi() {
    await step('FastAPI: a StreamingResponse of text', async (scope) => {
        const { url } = await python(scope, 'fastapi_server.py');
        const client = listen(scope, `${url}/streaming`, '--max-events', '3');
        assert.equal(await client.ended, 0);
        assert.deepEqual(dataOf(client.stdout), ['0', '1', '2']);
    });

    await step('FastAPI: models in its EventSourceResponse', async (scope) => {
        const { url } = await python(scope, 'fastapi_server.py');
        const client = listen(scope, `${url}/items`, '--max-events', '3');
        assert.equal(await client.ended, 0);
        assert.deepEqual(dataOf(client.stdout).map(JSON.parse), [
            { name: 'Plumbus', price: 32.99 },
            { name: 'Portal Gun', price: 999.99 },
            { name: 'Méeseeks\nBox', price: 5 },
        ]);
    });

    await step('FastAPI: ServerSentEvent with comment, retry, type, and id, resumed', async (scope) => {
        const { url } = await python(scope, 'fastapi_server.py');
        const client = listen(scope, `${url}/resumable`, '--max-events', '4');
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map(event).map(({ type, id }) => [type, id]), [['item', '0'], ['item', '1'], ['item', '2'], ['end', '2']]);
        assert.equal(event(client.stdout[3]).data, 'two\nlines');
        assert.equal(JSON.parse(event(client.stdout[2]).data).name, 'Méeseeks\nBox');
    });

    await step('FastAPI: a JSON response is not a stream', async (scope) => {
        const { url } = await python(scope, 'fastapi_server.py');
        const client = listen(scope, `${url}/typed`);
        assert.equal(await client.ended, 4);
        await client.says(/text\/event-stream/);
    });
}
