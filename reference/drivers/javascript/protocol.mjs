// The conformance protocol around a decoder, and streams for decoders that ask for them.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

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

/** Answers each request by what `parse` makes of its stream. */
export async function serve(parse) {
    // What a decoder throws where nobody waits for it.
    let fail = () => {};
    process.on('uncaughtException', (error) => fail(error));
    process.on('unhandledRejection', (error) => fail(error));
    for await (const line of createInterface({ input: process.stdin })) {
        const request = JSON.parse(line);
        const failed = new Promise((_, reject) => (fail = reject));
        failed.catch(() => {});
        let answer;
        try {
            if (!request.chunks || request.limit !== undefined) throw { unsupported: 'a decoder without a limit' };
            const chunks = request.chunks.map((chunk) => new Uint8Array(Buffer.from(chunk, 'base64')));
            answer = await Promise.race([parse({ chunks, lastEventId: request.last_event_id ?? '' }), failed]);
        } catch (error) {
            answer = error.unsupported ? error : { error: String(error) };
        }
        process.stdout.write(`${JSON.stringify(answer)}\n`);
    }
    process.exit();
}
