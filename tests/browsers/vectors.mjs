// The decoder vectors as data: what a browser is served, and what it should report.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../test-vectors/decoder/', import.meta.url);

/** Returns all cases, in the order of their files. */
export function decoderCases() {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json')).sort();
    return files.flatMap((file) => {
        // Reconnection times are read as text first, because a double cannot represent all of them. Inside a string,
        // the quotes would be escaped.
        const source = readFileSync(new URL(file, FOLDER), 'utf8').replace(/"retry": *(\d+)/g, '"retry": "$1"');
        return JSON.parse(source).cases.map((vector) => decoderCase(file, vector));
    });
}

function decoderCase(file, vector) {
    const { expect } = vector;
    const chunks = vector.chunks.map(bytes);
    const stream = Buffer.concat(chunks);
    return {
        file,
        id: vector.id,
        name: vector.name,
        rule: vector.tags.rule,
        browsers: vector.browsers,
        chunks,
        stream,
        /** Returns whether a recording is one of this stream. */
        digest: createHash('sha256').update(JSON.stringify([vector.chunks, vector.last_event_id])).digest('hex').slice(0, 16),
        carried: vector.last_event_id === undefined ? undefined : text(vector.last_event_id),
        /** Whether the case needs a limit, which browsers do not have. */
        needsLimit: expect.errors > 0,
        mentionsRetry: stream.includes('retry'),
        expect: {
            events: expect.events.map((event) => ({
                type: text(event.type),
                data: text(event.data),
                last_event_id: text(event.last_event_id),
            })),
            last_event_id: text(expect.last_event_id),
            retry: expect.retry === null ? null : BigInt(expect.retry),
            after: expect.after,
        },
    };
}

function bytes(value) {
    if (typeof value === 'string') return Buffer.from(value, 'utf8');
    if (Array.isArray(value)) return Buffer.concat(value.map(bytes));
    if ('hex' in value) return Buffer.from(value.hex.replaceAll(' ', ''), 'hex');
    const once = bytes(value.repeat);
    return Buffer.alloc(once.length * value.times, once);
}

const text = (value) => bytes(value).toString('utf8');

/**
 * Returns every type with which a browser might dispatch an event, right or wrong, because a page only gets the types that
 * it listens for: the expected types, and the value of each line that could be taken for an `event` field, cut in several
 * ways.
 */
export function eventTypes({ stream, expect }) {
    const types = new Set(['message', '', ...expect.events.map(({ type }) => type)]);
    const lines = stream.toString('utf8').split(/\r\n|\r|\n|\v|\f|\0|\u0085|\u2028|\u2029/);
    for (const line of lines) {
        const after = line.match(/event(.*)$/is)?.[1];
        if (after === undefined) continue;
        for (const value of [after, after.replace(/^\s*:/, '')]) {
            for (const cut of [value, value.replace(/^ /, ''), value.trim(), value.replace(/^\ufeff/, '')]) types.add(cut);
        }
    }
    return [...types];
}
