// A server with plain `node:http`, as in tutorials.

import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * Calls `handle(request, response, number)` for each connection, numbered from 0. Records the requests in `requests`, and
 * whether a client has disconnected in `response.closed`.
 */
export async function serve(scope, handle, port = 0) {
    const requests = [];
    const server = createServer((request, response) => {
        const number = requests.push(request) - 1;
        response.on('error', () => {});
        handle(request, response, number);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const stop = async () => {
        if (!server.listening) return;
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
    };
    scope.after(stop);
    return { url: `http://127.0.0.1:${server.address().port}/`, port: server.address().port, requests, stop };
}

/** Writes the head that every tutorial uses. */
export function head(response) {
    response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-cache',
        Connection: 'keep-alive',
    });
}

/** Sends one event, each field in a separate write. */
export function send(response, { id, event, data }) {
    if (id !== undefined) response.write(`id: ${id}\n`);
    if (event !== undefined) response.write(`event: ${event}\n`);
    response.write(`data: ${data}\n\n`);
}
