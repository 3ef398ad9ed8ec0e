// A TCP relay between a client and a server, which can cut connections, and records what the client sends.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export async function relay(scope, targetPort) {
    const pairs = new Set();
    const sent = [];
    const server = createServer((client) => {
        const number = sent.push('') - 1;
        const target = connect(targetPort, '127.0.0.1');
        const pair = [client, target];
        pairs.add(pair);
        client.on('data', (bytes) => {
            sent[number] += bytes.toString('latin1');
        });
        client.pipe(target);
        target.pipe(client);
        for (const socket of pair) {
            socket.on('error', () => {});
            socket.on('close', () => {
                pairs.delete(pair);
                for (const other of pair) other.destroy();
            });
        }
    });
    const cut = () => {
        for (const pair of [...pairs]) for (const socket of pair) socket.resetAndDestroy();
    };
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    scope.after(() => {
        cut();
        server.close();
    });
    return {
        port: server.address().port,
        /** Connects new clients to another server. */
        lead: (port) => {
            targetPort = port;
        },
        /** Cuts each connection, as when a network fails. */
        cut,
        /** What the client of each connection has sent so far. */
        sent,
    };
}
