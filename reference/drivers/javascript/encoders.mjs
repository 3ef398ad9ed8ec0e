// The encoders. Each is a function from the values of a block to the answer.

import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Returns an answer with these bytes. */
const written = (text) => ({ bytes: Buffer.from(text).toString('base64') });

/** For an encoder that does not write a block without these values. */
function needs(block, ...keys) {
    for (const key of keys) if (block[key] === undefined) throw { unsupported: `it writes no block without ${key}` };
}

/** For an encoder that does not write these values. */
function lacks(block, ...keys) {
    for (const key of keys) if (block[key] !== undefined) throw { unsupported: `it does not write ${key}` };
}

export const encoders = {
    'eventsource-encoder': async () => {
        const { encode } = await import('eventsource-encoder');
        return ({ type: event, data, id, retry, comment }) => {
            const before = comment === undefined ? '' : encode({ comment });
            return written(before + encode({ event, data, id, retry }));
        };
    },
    'sse-channel': async () => {
        const SseChannel = require('sse-channel');
        const channel = new SseChannel({ jsonEncode: false });
        return (block) => {
            needs(block, 'data');
            lacks(block, 'comment');
            const { type: event, data, id, retry } = block;
            let text = '';
            const client = Object.assign(new EventEmitter(), { write: (part) => (text += part) });
            channel.send({ event, data, id, retry }, [client]);
            return written(text);
        };
    },
    hono: async () => {
        const { Hono } = await import('hono');
        const { streamSSE } = await import('hono/streaming');
        return async (block) => {
            needs(block, 'data');
            lacks(block, 'comment');
            const { type: event, data, id, retry } = block;
            let failure;
            const send = (stream) => stream.writeSSE({ event, data, id, retry }).catch((error) => (failure = error));
            const response = await new Hono().get('/', (context) => streamSSE(context, send)).request('/');
            const text = await response.text();
            if (failure) throw failure;
            return written(text);
        };
    },
    h3: async () => {
        const { H3, createEventStream } = await import('h3');
        return async (block) => {
            if (block.comment === undefined) needs(block, 'data');
            const { type: event, data, id, retry, comment } = block;
            const app = new H3().get('/', (request) => {
                const stream = createEventStream(request);
                const send = async () => {
                    if (comment !== undefined) await stream.pushComment(comment);
                    if (data !== undefined) await stream.push({ event, data, id, retry });
                    await stream.close();
                };
                send();
                return stream;
            });
            return written(await (await app.request('/')).text());
        };
    },
    '@nestjs/core': async () => {
        await import('reflect-metadata');
        const { SseStream } = await import('@nestjs/core/router/sse-stream.js');
        return async (block) => {
            const stream = new SseStream();
            await new Promise((resolve, reject) => stream.writeMessage(block, (error) => (error ? reject(error) : resolve())));
            // It generates an id.
            return written(block.id === undefined ? stream.read().replace('id: 1\n', '') : stream.read());
        };
    },
};
