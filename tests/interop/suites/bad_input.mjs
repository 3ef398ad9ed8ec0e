// (e) Invalid input to the command: a clear message, no loss, no crash.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import { freePort, start } from '../support/programs.mjs';
import { event, listen, serve } from '../support/sse_wire.mjs';
import { step } from '../support/steps.mjs';
import { head, send, serve as node } from '../support/tutorial.mjs';

/** How much memory in KiB a client may use beyond what it retains: for its code, libraries, and threads. */
const ITSELF = 64 * 1024;

/** Asserts that the program fails with this message, prints nothing to stdout, and does not panic. */
async function refused(scope, program, said) {
    const code = await program.ended;
    assert.ok(code === 1 || code === 2, `exit code ${code}\n${program.output}`);
    assert.deepEqual(program.stdout, []);
    assert.match(program.stderr.join('\n'), said);
    assert.doesNotMatch(program.stderr.join('\n'), /panicked/);
    scope.note(program.stderr[0]);
}

export async function bad_input() {
    const urls = [['nonsense', /http:\/\//], ['', /http:\/\//], ['127.0.0.1:8080', /http:\/\//], ['ftp://127.0.0.1/', /ftp/], ['file:///etc/passwd', /file/], ['http://', /http:\/\//], ['http://127.0.0.1:99999/', /port/]];
    for (const [url, said] of urls) {
        await step(`listen '${url}': the address is rejected`, (scope) => refused(scope, listen(scope, url), said));
    }

    await step('listen: no server: it reports that and retries; with --max-reconnections it ends', async (scope) => {
        const url = `http://127.0.0.1:${await freePort()}/`;
        const client = listen(scope, url, '--retry', '20', '--max-reconnections', '3');
        await client.ended;
        assert.equal(client.stderr.filter((line) => /refused.*reconnecting in 20 ms/.test(line)).length, 3);
        await refused(scope, client, /3 reconnections in a row gave no lasting connection/);
    });

    await step('listen: https to a server without TLS', async (scope) => {
        const server = await node(scope, (_, response) => head(response));
        await refused(scope, listen(scope, server.url.replace('http:', 'https:'), '--max-reconnections', '0'), /TLS|certificate|InvalidContentType|corrupt message/);
    });

    await step('listen: http to a server with TLS', async (scope) => {
        const server = await listener(scope, (socket) => {
            socket.once('data', () => socket.end(Buffer.from('15030100020246', 'hex'))); // a TLS alert
        });
        await refused(scope, listen(scope, server, '--retry', '20', '--max-reconnections', '1'), /HTTP|response/i);
    });

    await step('listen: a response that is not HTTP, or none', async (scope) => {
        for (const answer of ['SSH-2.0-OpenSSH_9.2\r\n', '']) {
            const server = await listener(scope, (socket) => socket.once('data', () => socket.end(answer)));
            await refused(scope, listen(scope, server, '--retry', '20', '--max-reconnections', '1'), /reconnections in a row gave no lasting connection/);
        }
    });

    await step('listen: a line beyond the limit is refused, memory stays bounded, and the next event is returned', async (scope) => {
        const server = await node(scope, async (_, response) => {
            head(response);
            response.write('data: ');
            const piece = Buffer.alloc(1 << 20, 'a');
            for (let n = 0; n < 64; n += 1) {
                if (!response.write(piece)) await once(response, 'drain');
            }
            response.write('\n\ndata: after it\n\n');
        });
        const client = listen(scope, server.url, '--limit', String(1 << 20));
        await client.lines(1);
        assert.equal(event(client.stdout[0]).data, 'after it');
        await client.says(/--limit/);
        const { peakMemory } = client;
        assert.ok(peakMemory < ITSELF + 1024 * 4, `${peakMemory} KiB`);
        scope.note(`${client.stderr.find((line) => /--limit/.test(line))}\npeak of memory: ${peakMemory} KiB for a line of 64 MiB`);
    });

    await step('listen: megabytes of comments, in many lines and in one, are skipped', async (scope) => {
        const server = await node(scope, (_, response) => {
            head(response);
            response.write(`:${'x'.repeat(99)}\n`.repeat(10_000));
            response.write(`:${'y'.repeat(1 << 20)}\n`);
            send(response, { data: 'after them' });
        });
        const client = listen(scope, server.url, '--max-events', '1', '--limit', '1000');
        assert.equal(await client.ended, 0);
        assert.equal(event(client.stdout[0]).data, 'after them');
        assert.ok(!client.stderr.some((line) => /--limit/.test(line)), client.output);
    });

    await step('listen: an id that no header can carry is kept, and a message reports that it is not sent', async (scope) => {
        const server = await node(scope, (_, response) => {
            head(response);
            response.end('retry: 20\nid: a\u0001b\ndata: x\n\n');
        });
        const client = listen(scope, server.url, '--max-events', '2');
        assert.equal(await client.ended, 0);
        assert.equal(event(client.stdout[0]).id, 'a\u0001b');
        const [, note] = [await client.says(/last event ID "a\\u\{1\}b" is not sent/), client.stderr.find((line) => /not sent/.test(line))];
        assert.equal(server.requests[1].headers['last-event-id'], undefined);
        scope.note(note);
    });

    await step('listen: an id with NUL is ignored, and the previous one stays', async (scope) => {
        const server = await node(scope, (_, response) => {
            head(response);
            response.end('retry: 20\nid: good\ndata: 1\n\nid: b\0d\ndata: 2\n\n');
        });
        const client = listen(scope, server.url, '--max-events', '3');
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map((line) => event(line).id), ['good', 'good', 'good']);
        assert.equal(server.requests[1].headers['last-event-id'], 'good');
    });

    await step('listen: an id beyond ASCII is sent in the header as its UTF-8 bytes', async (scope) => {
        const server = await node(scope, (_, response) => {
            head(response);
            response.end('retry: 20\nid: 一 é\ndata: x\n\n');
        });
        const client = listen(scope, server.url, '--max-events', '2');
        assert.equal(await client.ended, 0);
        assert.equal(Buffer.from(server.requests[1].headers['last-event-id'], 'latin1').toString(), '一 é');
    });

    await step('listen: invalid options', async (scope) => {
        for (const [options, said] of [
            [['--last-event-id', 'a\nb'], /control character/],
            [['--max-events', '0'], /0/],
            [['--header', 'no colon'], /colon/],
            [['--header', 'Bad Name: x'], /name/],
        ]) {
            await refused(scope, listen(scope, 'http://127.0.0.1:1/', ...options), said);
        }
    });

    await step('serve: rejected lines are reported with their numbers, and the others are published', async (scope) => {
        const server = await serve(scope, '--json', '--exit-on-eof');
        const client = listen(scope, server.url, '--max-events', '3');
        await client.says(/connected/);
        server.publish({ data: 'one' });
        server.publish({ id: 'a\nb', data: 'injected' });
        server.publish({ id: 'a\0b', data: 'NUL' });
        server.publish({ type: 'a\rb', data: 'injected' });
        server.write('{"data": "cut\n');
        server.write('[]\n');
        server.child.stdin.write(Buffer.from('{"data": "\xff"}\n', 'latin1'));
        server.publish({ data: 'two' });
        server.publish({ id: 'a\u0001b', data: 'three' });
        server.child.stdin.end();
        assert.equal(await client.ended, 0);
        assert.deepEqual(client.stdout.map((line) => event(line).data), ['one', 'two', 'three']);
        assert.equal(await server.ended, 1);
        const refusals = server.stderr.filter((line) => /stdin: line \d/.test(line));
        assert.deepEqual(refusals.map((line) => Number(line.match(/line (\d+)/)[1])), [2, 3, 4, 5, 6, 7, 9]);
        scope.note(refusals.join('\n'));
    });

    await step('serve: a port that is in use', async (scope) => {
        const server = await serve(scope);
        const second = start(scope, `${process.env.TARGET}/debug/sse-wire`, ['serve', '--port', String(server.port)]);
        await refused(scope, second, /cannot listen on port \d+/);
    });

    await step('serve: invalid and incomplete requests do not affect other clients', async (scope) => {
        const server = await serve(scope);
        for (const bytes of ['\0\0\0\0garbage\r\n\r\n', 'GET / HTTP/1.1\r\nHost: x', 'GET / HTTP/1.1\r\nHost: x\r\nLast-Event-ID: \xff\xfe\r\n\r\n', `GET / HTTP/1.1\r\nX: ${'x'.repeat(1 << 18)}\r\n\r\n`]) {
            const socket = connect(server.port, '127.0.0.1');
            socket.on('error', () => {});
            scope.after(() => socket.destroy());
            await new Promise((written) => socket.write(Buffer.from(bytes, 'latin1'), written));
        }
        server.write('still here\n');
        const client = listen(scope, server.url, '--max-events', '1');
        assert.equal(await client.ended, 0);
        assert.equal(event(client.stdout[0]).data, 'still here');
        assert.doesNotMatch(server.stderr.join('\n'), /panicked/);
    });
}

/** Starts a TCP server, and returns its URL. */
async function listener(scope, handle) {
    const sockets = new Set();
    const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
        handle(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    scope.after(() => {
        for (const socket of sockets) socket.destroy();
        server.close();
    });
    return `http://127.0.0.1:${server.address().port}/`;
}
