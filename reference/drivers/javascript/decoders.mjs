// The decoders. Each is a function from a stream to the answer.

import { createRequire } from 'node:module';

import { beginsWithoutId, event, responseOf, types, urlOf } from './streams.mjs';

const require = createRequire(import.meta.url);

/** Collects the events of an iterator. Each has the id of its own block. */
async function iterated(stream, events, read) {
    const answer = { events: [] };
    for await (const one of events) {
        answer.events.push(read(one));
        if (one.retry !== undefined) answer.retry = one.retry;
    }
    return answer;
}

/** Runs an `EventSource` with the API of browsers, up to the end of its first connection. */
function source(stream, open) {
    return new Promise((resolve, reject) => {
        const events = [];
        const opened = open();
        for (const type of types(stream)) {
            opened.addEventListener(type, (one) => {
                if (one.data !== undefined) events.push(event(one.type, one.data, one.lastEventId));
            });
        }
        const end = (error) => {
            if (error?.data !== undefined) return;
            opened.close();
            resolve({ events });
        };
        opened.addEventListener('error', end);
        opened.onclosed = end;
    });
}
/** Does the same over HTTP, for those that take only a URL. */
function overHttp(open) {
    return async (stream) => {
        const url = await urlOf(stream);
        return source(stream, () => open(url));
    };
}

export const decoders = {
    'eventsource-parser': async () => {
        const { createParser } = await import('eventsource-parser');
        return ({ chunks, lastEventId }) => {
            const answer = { events: [], retry: null, after: [] };
            const onEvent = ({ event: type, data, id }) => {
                lastEventId = id ?? lastEventId;
                answer.events.push(event(type, data, lastEventId));
            };
            const parser = createParser({ onEvent, onRetry: (retry) => (answer.retry = retry) });
            const decoder = new TextDecoder();
            for (const chunk of chunks) {
                parser.feed(decoder.decode(chunk, { stream: true }));
                answer.after.push(answer.events.length);
            }
            return answer;
        };
    },
    'eventsource-client': async () => {
        const { createEventSource } = await import('eventsource-client');
        return (stream) => new Promise((resolve) => {
            const events = [];
            let lastEventId = stream.lastEventId;
            const client = createEventSource({
                url: 'http://localhost/',
                initialLastEventId: lastEventId || undefined,
                fetch: async () => responseOf(stream),
                onMessage: ({ event: type, data, id }) => {
                    lastEventId = id ?? lastEventId;
                    events.push(event(type, data, lastEventId));
                },
                onScheduleReconnect: () => {
                    client.close();
                    resolve({ events });
                },
            });
        });
    },
    eventsource: async () => {
        const { EventSource } = await import('eventsource');
        return (stream) => {
            beginsWithoutId(stream);
            return source(stream, () => new EventSource('http://localhost/', { fetch: async () => responseOf(stream) }));
        };
    },
    eventsource2: async () => {
        const EventSource = require('eventsource2');
        return overHttp((url) => new EventSource(url));
    },
    'launchdarkly-eventsource': async () => {
        const { EventSource } = require('launchdarkly-eventsource');
        return overHttp((url) => new EventSource(url, { errorFilter: () => false }));
    },
    undici: async () => {
        const { EventSource } = await import('undici');
        return overHttp((url) => new EventSource(url));
    },
    'event-source-polyfill': async () => {
        const { EventSourcePolyfill } = require('event-source-polyfill');
        return overHttp((url) => new EventSourcePolyfill(url));
    },
    '@microsoft/fetch-event-source': async () => {
        const { getLines, getMessages } = require('@microsoft/fetch-event-source/lib/cjs/parse.js');
        return ({ chunks, lastEventId }) => {
            const answer = { events: [], retry: null, after: [] };
            const onId = (id) => (lastEventId = id);
            const onRetry = (retry) => (answer.retry = retry);
            const onMessage = ({ event: type, data }) => answer.events.push(event(type, data, lastEventId));
            const feed = getLines(getMessages(onId, onRetry, onMessage));
            for (const chunk of chunks) {
                feed(chunk);
                answer.after.push(answer.events.length);
            }
            return answer;
        };
    },
    'parse-sse': async () => {
        const { parseServerSentEvents } = await import('parse-sse');
        return (stream) => {
            beginsWithoutId(stream);
            const read = ({ type, data, lastEventId }) => event(type, data, lastEventId);
            return iterated(stream, parseServerSentEvents(responseOf(stream)), read);
        };
    },
    '@azure/core-sse': async () => {
        const { createSseStream } = await import('@azure/core-sse');
        return (stream) => {
            let { lastEventId } = stream;
            const read = ({ event: type, data, id }) => event(type, data, (lastEventId = id || lastEventId));
            return iterated(stream, createSseStream(responseOf(stream).body), read);
        };
    },
    openai: async () => {
        const { _iterSSEMessages } = await import('openai/core/streaming');
        return (stream) => {
            const read = ({ event: type, data }) => event(type, data);
            return iterated(stream, _iterSSEMessages(responseOf(stream), new AbortController()), read);
        };
    },
    '@anthropic-ai/sdk': async () => {
        const { _iterSSEMessages } = await import('@anthropic-ai/sdk/core/streaming');
        return (stream) => {
            const read = ({ event: type, data }) => event(type, data);
            return iterated(stream, _iterSSEMessages(responseOf(stream), new AbortController()), read);
        };
    },
    'sse.js': async () => {
        const { SSE } = await import('sse.js');
        return (stream) => {
            beginsWithoutId(stream);
            globalThis.XMLHttpRequest = requestOf(stream.chunks);
            return source(stream, () => new SSE('http://localhost/'));
        };
    },
};

/** An `XMLHttpRequest` whose response arrives in these chunks. */
function requestOf(chunks) {
    return class extends EventTarget {
        static HEADERS_RECEIVED = 2;
        readyState = 0;
        status = 200;
        responseText = '';
        open() {}
        setRequestHeader() {}
        abort() {}
        getAllResponseHeaders = () => 'content-type: text/event-stream\r\n';
        send() {
            queueMicrotask(() => {
                const decoder = new TextDecoder();
                this.readyState = 2;
                this.dispatchEvent(new Event('readystatechange'));
                for (const chunk of chunks) {
                    this.responseText += decoder.decode(chunk, { stream: true });
                    this.dispatchEvent(new Event('progress'));
                }
                this.readyState = 4;
                this.dispatchEvent(new Event('load'));
                this.dispatchEvent(new Event('error'));
            });
        }
    };
}
