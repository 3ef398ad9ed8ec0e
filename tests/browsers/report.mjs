// Writes results.json from the recordings of all engines: a verdict for each vector, in the form of `sse-wire check`.

import { readFileSync, writeFileSync } from 'node:fs';

import { compare, literal } from './compare.mjs';
import { modes } from './session.mjs';

const PATH = new URL('results.json', import.meta.url);
/** By rule, what a case must show to count. */
const { needs } = JSON.parse(readFileSync(new URL('../../test-vectors/suite.json', import.meta.url)));

/** Writes the results, and returns the exit code: not 0 if the note of a vector is missing or outdated. */
export function report(vectors, engines) {
    const complaints = [];
    const differing = new Set();
    const results = engines.map((engine) => {
        const result = { name: engine.title, version: engine.version, date: engine.date, passed: [], unsupported: [], failed: [] };
        for (const vector of vectors) {
            const found = compareTo(vector, engine, complaints);
            const differences = found.filter(({ agrees }) => !agrees);
            if (differences.length > 0) differing.add(vector);
            if (!shows(vector, found)) result.unsupported.push(vector.id);
            else if (differences.length > 0) result.failed.push(failure(vector, differences));
            else result.passed.push(vector.id);
        }
        return result;
    });
    for (const vector of vectors) {
        const where = `${vector.file}: ${vector.name}`;
        const differs = differing.has(vector);
        if (differs && !vector.browsers) complaints.push(`an engine differs, and the vector has no \`browsers\` that says so: ${where}`);
        if (!differs && vector.browsers) complaints.push(`no engine differs any more, but the vector has \`browsers\`: ${where}`);
    }
    // One line for each failure, so that diffs are legible.
    const text = results.map(({ failed, ...rest }) => {
        const lines = failed.map((one) => JSON.stringify(one)).join(',\n');
        return `${JSON.stringify(rest).slice(0, -1)},"failed":[\n${lines}\n]}`;
    });
    writeFileSync(PATH, `[\n${text.join(',\n')}\n]\n`);
    for (const complaint of complaints) console.error(`browsers: ${complaint}`);
    return complaints.length === 0 ? 0 : 1;
}

function compareTo(vector, engine, complaints) {
    const recordings = Object.fromEntries(engine.streams.filter(({ name }) => name === vector.name).map((stream) => [stream.mode, stream]));
    const stale = modes(vector).some((mode) => recordings[mode]?.digest !== vector.digest);
    if (stale) complaints.push(`${engine.title} was not shown this stream as it is now: ${vector.file}: ${vector.name}`);
    return stale ? [] : compare(vector, recordings);
}

/** Returns whether a browser shows what the case is about: comments, ends, ranges, and limits are not visible. */
function shows(vector, found) {
    const has = (what) => found.some((one) => one.what === what);
    const shown = {
        last_event_id: has('Last-Event-ID') || vector.expect.events.length > 0,
        retry: has('reconnection time'),
        after: has('events after each chunk'),
    };
    return found.length > 0 && (needs[vector.rule] ?? []).every((need) => shown[need]);
}

function failure(vector, differences) {
    return {
        id: vector.id,
        input: vector.chunks.map((chunk) => literal(chunk).slice(1, -1)),
        note: vector.browsers,
        differences: differences.map(({ what, ours, theirs }) => ({
            member: what,
            level: what === 'events after each chunk' ? 'choice' : 'must',
            expected: ours,
            got: theirs,
        })),
    };
}
