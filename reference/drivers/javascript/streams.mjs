// What decoders are given, and what they answer with.

import { createServer } from 'node:http';

/** An event; without a last event ID if the decoder shows none. */
export function event(type, data, lastEventId) {
    return { type: type || 'message', data, ...(lastEventId === undefined ? {} : { last_event_id: lastEventId }) };
}

/** For a decoder that takes no last event ID to begin with. */
export function beginsWithoutId({ lastEventId }) {
    if (lastEventId) throw { unsupported: 'it takes no last event ID to begin with' };
}

/** A response whose body comes in the chunks of a request. */
export function responseOf({ chunks }) {
    const rest = chunks.values();
    const body = new ReadableStream({
        pull(controller) {
            const { value, done } = rest.next();
            if (done) controller.close();
            else controller.enqueue(value);
        },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

const served = { chunks: [] };
const server = createServer(async (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of served.chunks) await new Promise((done) => response.write(chunk, done));
    response.end();
});

/** Serves the chunks of a request on loopback, each in a write of its own, and returns where. */
export async function urlOf(stream) {
    beginsWithoutId(stream);
    served.chunks = stream.chunks;
    if (!server.listening) await new Promise((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${server.address().port}/`;
}

/** Every type that an `EventSource` may fire, right or wrong: it is heard only if it is listened for. */
export function types({ chunks }) {
    const values = Buffer.concat(chunks).toString().split(/[^]event/).flatMap((part) => part.match(/^:? ?(.*)/u)?.[1] ?? []);
    const lines = Buffer.concat(chunks).toString().split(/\r\n|\r|\n/).flatMap((line) => line.match(/event\s*:?(.*)$/s)?.[1] ?? []);
    return new Set(['message', ...[...values, ...lines].flatMap((value) => [value, value.replace(/^ /, ''), value.trim()])]);
}
