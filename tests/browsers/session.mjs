// The session of one browser: which streams it is served, in which pieces, and what it has requested and reported.

import { readFileSync } from 'node:fs';

import { answer, answerNoContent, answerStream, serve } from './http.mjs';
import { eventTypes } from './vectors.mjs';

const PAGE = readFileSync(new URL('page.html', import.meta.url));
/** The number of ports. An engine opens at most six connections to a port, including those for reports. */
const PORTS = 6;
const WORKERS = 4;
/** How long to wait for a reconnection after the end of a stream. The engines' defaults are 3 and 5 s. */
export const WAIT = 8000;
/** The reconnection time in force before a stream with `retry`, which is not the default of any engine. */
export const TIME_BEFORE = 1500;
/** How long to wait for an event that is expected before the next chunk is sent. */
const LATE = 2500;
/** The time between two chunks in milliseconds, so that each is a separate read, and an early event is noticed. */
const BETWEEN = 250;
/** A longer stream is not sent byte by byte. */
const DRIP_LIMIT = 400;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * The ways in which a stream is served:
 *
 * - `plain`: in its chunks, each after the events expected from the previous one; then waits for the next request;
 * - `drip`: byte by byte, up to the end of the stream;
 * - `retry`, if it contains `retry`: as the second response, after one that sets another time.
 */
export function modes(vector) {
    if (vector.needsLimit) return [];
    return [
        'plain',
        ...(vector.stream.length > 1 && vector.stream.length <= DRIP_LIMIT ? ['drip'] : []),
        ...(vector.mentionsRetry ? ['retry'] : []),
    ];
}

export class Session {
    #servers = [];
    #waiting = [];
    #running = new Map();
    #resolve;

    constructor() {
        /** When the browser last sent something. */
        this.heard = performance.now();
    }

    /** Listens, and returns the page's address. */
    async open() {
        for (let n = 0; n < PORTS; n += 1) this.#servers.push(await serve((request, socket) => this.#handle(request, socket)));
        return `http://127.0.0.1:${this.#servers[0].address().port}/`;
    }

    close() {
        for (const server of this.#servers) server.close();
    }

    /** Serves these runs, `parallel` at once, and returns a recording of each. */
    run(runs, parallel = PORTS * WORKERS) {
        this.heard = performance.now();
        return new Promise((resolve) => {
            const recordings = [];
            this.#waiting = [...runs];
            this.parallel = parallel;
            this.#resolve = (recording) => {
                recordings.push(recording);
                if (recordings.length === runs.length) resolve(recordings);
            };
            if (runs.length === 0) resolve([]);
        });
    }

    #handle({ method, url, header, body }, socket) {
        this.heard = performance.now();
        const run = this.#running.get(Number(url.searchParams.get('key')));
        switch (`${method} ${url.pathname}`) {
            case 'GET /':
            case 'GET /frame':
                return answer(socket, 'text/html; charset=utf-8', PAGE);
            case 'GET /setup':
                return answer(socket, 'application/json', JSON.stringify({
                    ports: this.#servers.map((server) => server.address().port),
                    workers: WORKERS,
                }));
            case 'GET /next':
                return answer(socket, 'application/json', JSON.stringify(this.#next()));
            case 'GET /stream':
                return run ? run.request(header('last-event-id'), socket) : answerNoContent(socket);
            case 'POST /seen':
                run?.see(Number(url.searchParams.get('count')));
                return answer(socket, 'text/plain', '');
            case 'POST /result': {
                const { key, events, end } = JSON.parse(body.toString('utf8'));
                const done = this.#running.get(key);
                this.#running.delete(key);
                answer(socket, 'text/plain', '');
                if (done) this.#resolve(done.recording(events, end));
                return undefined;
            }
            default:
                // For example, the browser's request for an icon.
                return answerNoContent(socket);
        }
    }

    #next() {
        if (this.#waiting.length === 0 || this.#running.size >= this.parallel) return { pause: 100 };
        const run = new Run(this.#waiting.shift());
        this.#running.set(run.key, run);
        return {
            key: run.key,
            types: eventTypes(run.vector),
            prompt: run.mode === 'plain' && run.vector.chunks.length > 0,
            ends: run.mode === 'drip' ? run.responses.length : 0,
            wait: WAIT,
        };
    }
}

let keys = 0;

/** One event source: the responses that it gets in order, and its requests. */
class Run {
    key = (keys += 1);
    #requests = [];
    #seen = 0;
    #see = () => {};
    #after = [];
    #ended;

    constructor({ vector, mode }) {
        this.vector = vector;
        this.mode = mode;
        const { carried } = vector;
        // The page does not listen for this type. The event is needed because an id without an event might not count.
        const before = [
            ...(carried === undefined ? [] : [`id: ${carried}\nevent: of the stream before\ndata\n\n`]),
            ...(mode === 'retry' ? [`retry: ${TIME_BEFORE}\n\n`] : []),
        ];
        this.responses = before.length === 0 ? [] : [(socket) => this.#send(socket, [Buffer.from(before.join(''))])];
        this.responses.push((socket) => this.#sendStream(socket));
    }

    see(count) {
        this.#seen = Math.max(this.#seen, count);
        this.#see();
    }

    request(lastEventId, socket) {
        // The bytes after the colon and the space, which every browser writes.
        const header = lastEventId === undefined ? null : Buffer.from(lastEventId.replace(/^ /, ''), 'latin1').toString('hex');
        this.#requests.push({ header, at: performance.now() });
        const response = this.responses[this.#requests.length - 1];
        if (response) response(socket);
        else answerNoContent(socket);
    }

    async #send(socket, chunks) {
        const stream = answerStream(socket);
        for (const chunk of chunks) await stream.chunk(chunk);
        stream.end();
    }

    async #sendStream(socket) {
        const stream = answerStream(socket);
        if (this.mode === 'drip') {
            for (const byte of this.vector.stream) {
                await stream.chunk(Buffer.of(byte));
                await pause(1);
            }
        } else {
            for (const [n, chunk] of this.vector.chunks.entries()) {
                await stream.chunk(chunk);
                if (this.mode !== 'plain') continue;
                await this.#until(this.vector.expect.after[n]);
                await pause(BETWEEN);
                this.#after.push(this.#seen);
            }
        }
        stream.end();
        this.#ended = performance.now();
    }

    /** Waits until this many events have been reported, with a time limit. */
    async #until(count) {
        if (this.#seen >= count) return;
        await new Promise((resolve) => {
            const timer = setTimeout(resolve, LATE);
            this.#see = () => {
                if (this.#seen < count) return;
                clearTimeout(timer);
                resolve();
            };
        });
        this.#see = () => {};
    }

    recording(events, end) {
        const requests = this.#requests;
        const next = requests[this.responses.length];
        return {
            file: this.vector.file,
            name: this.vector.name,
            digest: this.vector.digest,
            mode: this.mode,
            end,
            events,
            after: this.#after,
            /** The header of the request that the stream answers: bytes as hex, null if there is none. */
            header_before: requests[this.responses.length - 1]?.header,
            /** The header of the request after the stream; absent if there is no such request. */
            header: next?.header,
            /** The time from the end of the stream to the next request. */
            delay_ms: next && Math.round(next.at - this.#ended),
        };
    }
}
