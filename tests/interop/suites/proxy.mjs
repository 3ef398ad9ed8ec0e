// (c) Our server → nginx with buffering → our client. (And a server behind nginx that fails.)

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';

import { freePort, listening, pause, redis, start } from '../support/programs.mjs';
import { event, example, listen, serve } from '../support/sse_wire.mjs';
import { step } from '../support/steps.mjs';

const { OUT } = process.env;

/** Starts nginx with this configuration of `http`, and waits for the port. */
async function nginx(scope, port, http) {
    const prefix = `${OUT}/nginx`;
    mkdirSync(prefix, { recursive: true });
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${prefix}/${name};`);
    writeFileSync(`${prefix}/nginx.conf`, `
        daemon off;
        worker_processes 1;
        pid ${prefix}/nginx.pid;
        error_log stderr warn;
        events { worker_connections 256; }
        http {
            access_log off;
            ${temporary.join('\n            ')}
            ${http}
        }
    `);
    const program = start(scope, 'nginx', ['-p', prefix, '-e', 'stderr', '-c', `${prefix}/nginx.conf`], {
        env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    // If it were killed, its worker would continue.
    scope.after(() => program.kill('SIGTERM'));
    await listening(program, port);
    return program;
}

/**
 * Publishes ten events, each after the previous one has arrived or has had enough time to. Returns the order in which
 * events were sent and received, and the time that each took.
 */
async function publish(server, client) {
    const order = [];
    const latencies = [];
    const received = [];
    for (let n = 1; n <= 10; n += 1) {
        const before = performance.now();
        order.push(`sent ${n}`);
        server.write(`${n}\n`);
        const arrival = client.lines(n).then(() => {
            order.push(`received ${n}`);
            latencies[n - 1] = performance.now() - before;
        });
        received.push(arrival);
        await Promise.race([arrival, pause(100)]);
    }
    return { order, received, latencies, text: () => latencies.map((latency) => latency.toFixed(1)).join(', ') };
}

const numbers = Array.from({ length: 10 }, (_, n) => n + 1);

export async function proxy() {
    // nginx uses HTTP/1.0 to the server, its default. Over HTTP/1.1 it forwards each chunk of a chunked body as it
    // arrives, even without the header (nginx 1.22.1).
    const conf = (port, upstream, more) => `
            server {
                listen 127.0.0.1:${port};
                location / { proxy_pass http://127.0.0.1:${upstream}; proxy_buffering on; ${more} }
            }`;

    await step('nginx, buffering on: with `X-Accel-Buffering: no` each event arrives before the next is sent', async (scope) => {
        const server = await serve(scope);
        const port = await freePort();
        await nginx(scope, port, conf(port, server.port, ''));
        const client = listen(scope, `http://127.0.0.1:${port}/`);
        await client.says(/connected/);
        const { order, received, text } = await publish(server, client);
        await Promise.all(received);
        assert.deepEqual(order, numbers.flatMap((n) => [`sent ${n}`, `received ${n}`]));
        scope.note(`latencies in ms: ${text()}`);
    });

    await step('nginx, buffering on: if the header is ignored, nothing arrives before everything is sent', async (scope) => {
        const server = await serve(scope);
        const port = await freePort();
        await nginx(scope, port, conf(port, server.port, 'proxy_ignore_headers X-Accel-Buffering;'));
        const client = listen(scope, `http://127.0.0.1:${port}/`);
        const { order, received, text } = await publish(server, client);
        assert.deepEqual(order, numbers.map((n) => `sent ${n}`));
        server.child.kill('SIGTERM'); // nginx forwards at the end of the stream
        await Promise.all(received);
        assert.deepEqual(client.stdout.map((line) => Number(event(line).data)), numbers);
        scope.note(`latencies in ms: ${text()}`);
    });

    await step('nginx: if the server is down, its status 502 is retried as often as allowed, and reported', async (scope) => {
        const server = await serve(scope, '--retry', '20');
        const port = await freePort();
        await nginx(scope, port, conf(port, server.port, ''));
        const client = listen(scope, `http://127.0.0.1:${port}/`, '--max-reconnections', '2');
        await client.says(/connected/);
        server.write('one\n');
        await client.lines(1);
        await server.kill();
        assert.equal(await client.ended, 1);
        assert.match(client.stderr.at(-1), /502/);
    });

    await step('nginx, Redis, and two example servers: a client whose server is killed resumes at the other, and loses nothing', async (scope) => {
        const store = `redis://127.0.0.1:${await redis(scope)}`;
        const servers = [await example(scope, 'redis_server', store, '127.0.0.1:0'), await example(scope, 'redis_server', store, '127.0.0.1:0')];
        const port = await freePort();
        await nginx(scope, port, `
            upstream servers { ${servers.map(({ port }) => `server 127.0.0.1:${port} max_fails=1 fail_timeout=1s;`).join(' ')} }
            server { listen 127.0.0.1:${port}; location / { proxy_pass http://servers; proxy_http_version 1.1; proxy_set_header Connection ""; } }`);
        const client = listen(scope, `http://127.0.0.1:${port}/events`, '--max-events', '30');
        await client.says(/connected/);
        let killed = 0;
        for (let n = 1; n <= 30; n += 1) {
            const response = await fetch(`http://127.0.0.1:${port}/publish`, { method: 'POST', body: String(n) });
            assert.ok(response.ok, `publish: ${response.status}`);
            if (n % 10 !== 0) continue;
            await client.lines(n);
            // Kills the client's server; the other one stays.
            for (const server of killed === 0 ? servers : []) {
                if ((await server.stats()).clients === 1) {
                    await server.kill();
                    killed += 1;
                    break;
                }
            }
        }
        assert.equal(killed, 1);
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map((line) => Number(event(line).data)), Array.from({ length: 30 }, (_, n) => n + 1));
        scope.note(client.stderr.join('\n'));
    });
}
