// The input of decoders, and the parts of their answers.

import { createServer } from 'node:http';

/** Returns an event, without a last event ID if the decoder has none. */
export function event(type, data, lastEventId) {
    return { type: type || 'message', data, ...(lastEventId === undefined ? {} : { last_event_id: lastEventId }) };
}

/** For a decoder that can't start with a last event ID. */
export function beginsWithoutId({ lastEventId }) {
    if (lastEventId) throw { unsupported: 'it takes no last event ID to begin with' };
}

/** Returns a response whose body has the chunks of a request. */
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

/** Serves the chunks of a request on loopback, each in a separate write, and returns the URL. */
export async function urlOf(stream) {
    beginsWithoutId(stream);
    served.chunks = stream.chunks;
    if (!server.listening) await new Promise((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${server.address().port}/`;
}

/** Returns every type that an `EventSource` might fire, right or wrong, because it only calls listeners for known types. */
export function types({ chunks }) {
    const values = Buffer.concat(chunks).toString().split(/[^]event/).flatMap((part) => part.match(/^:? ?(.*)/u)?.[1] ?? []);
    const lines = Buffer.concat(chunks).toString().split(/\r\n|\r|\n/).flatMap((line) => line.match(/event\s*:?(.*)$/s)?.[1] ?? []);
    return new Set(['message', ...[...values, ...lines].flatMap((value) => [value, value.replace(/^ /, ''), value.trim()])]);
}
