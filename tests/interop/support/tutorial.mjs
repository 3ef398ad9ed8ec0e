// A server on plain `node:http`, as tutorials write it.

import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * Serves each connection by `handle(request, response, number)`, the connections being numbered from 0. What
 * clients send and get is there to look at: `requests`, and whether `response.closed`.
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

/** The head that every tutorial writes. */
export function head(response) {
    response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-cache',
        Connection: 'keep-alive',
    });
}

/** One event, each field in a write of its own. */
export function send(response, { id, event, data }) {
    if (id !== undefined) response.write(`id: ${id}\n`);
    if (event !== undefined) response.write(`event: ${event}\n`);
    response.write(`data: ${data}\n\n`);
}
