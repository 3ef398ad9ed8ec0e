// A small HTTP server that returns request heads as bytes, which the API of a server does not.

import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Listens on a free port on loopback. Each connection has one request; `handle` gets its method, URL, and body, the value
 * of a header as bytes, and the socket for the response.
 */
export async function serve(handle) {
    const server = createServer({ noDelay: true }, (socket) => {
        let received = Buffer.alloc(0);
        socket.on('error', () => {});
        const look = (chunk) => {
            received = Buffer.concat([received, chunk]);
            const end = received.indexOf('\r\n\r\n');
            if (end < 0) return;
            const [first, ...lines] = received.toString('latin1', 0, end).split('\r\n');
            const header = (name) => {
                const line = lines.find((line) => line.toLowerCase().startsWith(`${name}:`));
                return line === undefined ? undefined : line.slice(name.length + 1);
            };
            const length = Number(header('content-length') ?? 0);
            if (received.length < end + 4 + length) return;
            socket.off('data', look).resume();
            const [method, target] = first.split(' ');
            handle({ method, url: new URL(target, 'http://127.0.0.1'), header, body: received.subarray(end + 4) }, socket);
        };
        socket.on('data', look);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
}

const head = (status, fields) =>
    [`HTTP/1.1 ${status}`, ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`), 'Connection: close', '\r\n'].join('\r\n');

/** Sends a complete response. */
export function answer(socket, type, body) {
    const bytes = Buffer.from(body);
    socket.end(Buffer.concat([
        Buffer.from(head('200 OK', { 'Content-Type': type, 'Content-Length': bytes.length, 'Cache-Control': 'no-store' })),
        bytes,
    ]));
}

/** Sends the response after which an event source does not reconnect. */
export function answerNoContent(socket) {
    socket.end(head('204 No Content', {}));
}

/** Begins an event stream; `chunk` sends one HTTP chunk, and resolves once it has left this process. */
export function answerStream(socket) {
    socket.write(head('200 OK', {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'Transfer-Encoding': 'chunked',
    }));
    return {
        chunk: (bytes) => new Promise((resolve) => {
            // An empty HTTP chunk would end the body.
            if (bytes.length === 0 || socket.destroyed) return resolve();
            socket.write(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]), resolve);
        }),
        end: () => socket.end('0\r\n\r\n'),
    };
}
